export async function handler({ Records }) {
  for (const { body } of Records) console.log(`seen ${body}`);
  return { batchItemFailures: [] };
}
