import { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import { counted } from '../words.ts';

interface ListOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `dead-letters`: what failed for good, and once more. */
export function deadLettersCommand(): Command {
  const command = new Command('dead-letters').description('What failed for good in the queues of Main.');
  command
    .command('list')
    .description('Shows the messages that failed for good, and leaves them where they are.')
    .option('--limit <n>', 'at most so many of a queue', wholeNumber, 100)
    .option('--json', 'print a list of { queue, messageId, accountId, sentAt, receives, body, unreadable }')
    .action(list);
  command
    .command('redrive')
    .description('Moves them back into their queues, to be worked on once more.')
    .option('--timeout <seconds>', 'how long to wait for SQS', wholeNumber, 300)
    .option('--json', 'print a list of { queue, moved }')
    .action(redrive);
  return command;
}

async function list({ limit, json }: ListOptions): Promise<void> {
  const [{ connect }, { deadLetterCounts, queueClient, readDeadLetters }, output] = await Promise.all([
    import('../client.ts'),
    import('../dead-letters.ts'),
    import('../output.ts'),
  ]);
  const { config } = await connect();
  const sqs = queueClient(config.region);
  const full = (await deadLetterCounts(sqs)).filter(({ waiting }) => waiting > 0);
  const all = (await Promise.all(full.map(({ queue }) => readDeadLetters(sqs, queue, limit)))).flat();
  if (json) return output.printJson(all);
  const rows = all.map(({ queue, accountId, sentAt, receives, body, unreadable }) => [
    queue,
    accountId ?? '–',
    output.time(sentAt),
    String(receives),
    output.cell(unreadable ? `cannot be read (${unreadable}) ${body}` : body),
  ]);
  if (rows.length > 0) output.printTable(['QUEUE', 'ACCOUNT', 'SENT', 'RECEIVED', 'MESSAGE'], rows);
  const waiting = full.reduce((sum, one) => sum + one.waiting, 0);
  output.say(
    waiting === 0
      ? 'No message has failed for good.'
      : `${all.length} of ${waiting} messages; once the cause is mended: \`orgkeeper dead-letters redrive\`.`,
  );
}

async function redrive(options: { timeout: number; json?: boolean }): Promise<void> {
  const [{ connect }, { deadLetterCounts, queueClient, redriveDeadLetters }, output] = await Promise.all([
    import('../client.ts'),
    import('../dead-letters.ts'),
    import('../output.ts'),
  ]);
  const { config } = await connect();
  const sqs = queueClient(config.region);
  const moved: { queue: string; moved: number }[] = [];
  for (const { queue, waiting } of await deadLetterCounts(sqs)) {
    if (waiting === 0) continue;
    const count = await redriveDeadLetters(sqs, config, { queue, seconds: options.timeout });
    moved.push({ queue, moved: count });
    if (!options.json) output.say(`${counted(count, 'message')} moved back to ${queue}.`);
  }
  if (options.json) output.printJson(moved);
  else if (moved.length === 0) output.say('No message has failed for good: there is nothing to move.');
}
