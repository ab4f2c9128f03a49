// A stand-in for a function, for tests of the host: what it does is in the event that it gets.
export async function handler({ Records }, context) {
  const failures = [];
  for (const { messageId, body, attributes } of Records) {
    const event = JSON.parse(body);
    const seen = { event, attributes, function: context.functionName, role: process.env.AWS_ACCESS_KEY_ID };
    console.log(`seen ${JSON.stringify(seen)}`);
    if (event.detail?.hang) await new Promise(() => setInterval(() => {}, 1000));
    if (event.detail?.crash) process.exit(1);
    if (event.detail?.fail && attributes.ApproximateReceiveCount === '1') failures.push(messageId);
  }
  return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
}
