import { inLines, type Told } from './terminal.ts';

/** An expected failure of a command: shown without a stack trace, as one sentence, or with lines below it. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(told: Told, options?: ErrorOptions) {
    super(inLines(told), options);
  }
}

/** One clear sentence for any error. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Failure) return error.message;
  const { name, message } = error;
  const code = codeOf(error);
  if (UNREACHABLE.has(code ?? '') || name === 'TimeoutError') return unreachable(error);
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return noCredentials(firstLine(message));
  }
  if (EXPIRED.has(name)) return `The AWS credentials have expired: sign in again (${firstLine(message)}).`;
  if (REFUSED.has(name)) {
    return `AWS does not know these credentials: ${sentence(message)} Set AWS_PROFILE, or sign in again.`;
  }
  if (DENIED.has(name) && !('remedy' in error && error.remedy)) {
    return `AWS denied the request: ${sentence(message)} Allow it for these credentials, or use others.`;
  }
  if (/region is missing/i.test(message))
    return 'No region is set: set AWS_REGION to the region of the main stack.';
  if (name === 'Error') return firstLine(message) || name;
  const said = '$metadata' in error ? `AWS answered ${name}: ${firstLine(message)}` : firstLine(message);
  const { remedy } = error as { remedy?: unknown };
  return typeof remedy === 'string' ? `${sentence(said)} ${remedy}` : said;
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'ETIMEDOUT']);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']);
const REFUSED = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'AuthFailure',
]);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']);

function noCredentials(why: string): string {
  const profile = process.env.AWS_PROFILE;
  if (!profile) return `No AWS credentials were found (${why}): set AWS_PROFILE, or sign in.`;
  return (
    `Profile ${profile} (AWS_PROFILE) has no AWS credentials (${why}): sign in with it, or choose another; ` +
    '`aws configure list-profiles` lists all profiles.'
  );
}

function unreachable(error: Error): string {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (endpoint)
    return `Nothing answers at ${endpoint} (AWS_ENDPOINT_URL): is \`orgkeeper local start\` running?`;
  const why = sentence(error.message || codeOf(error) || error.name);
  return `AWS cannot be reached: ${why} Check the network and AWS_REGION, then try again.`;
}

/** The code of a failed connection; Node puts it into an AggregateError if it tried several addresses. */
function codeOf(error: Error): string | undefined {
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown[]; cause?: unknown };
  if (typeof code === 'string') return code;
  const inner = errors?.[0] ?? cause;
  return inner instanceof Error ? codeOf(inner) : undefined;
}

function sentence(message: string): string {
  return firstLine(message).replace(/\.?$/, '.');
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? '';
}
