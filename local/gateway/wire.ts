import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isJson, protocolOf } from './protocol.ts';
import { writeXml, type Xml } from './xml.ts';

/** One request to AWS, as far as it can be read from the wire format. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly accessKeyId: string | undefined;
  readonly sessionToken: string | undefined;
  /** Signing name: `iam`, `events`, `sqs` … */
  readonly service: string;
  readonly region: string;
  /** `AssumeRole`, `PutEvents` …; for REST services that name none: method and path. */
  readonly action: string;
  /** Query parameters (flat, as sent) or the JSON body. Empty for what the gateway cannot read. */
  readonly params: Record<string, unknown>;
  /** Address of the caller; undefined once the caller has disconnected. */
  readonly sourceIp: string | undefined;
  /** True once the caller has disconnected. */
  readonly abandoned: () => boolean;
}

/** A complete answer to a call. */
export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** The emulator did not answer. To the caller it looks like a lost connection to AWS. */
export class NoAnswer extends Error {}

const NAMESPACES: Record<string, string> = {
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
};

/** Reads the action of a request: JSON target, query action, or method and path. Never throws. */
export function readCall(
  method: string,
  url: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
  {
    sourceIp,
    abandoned = () => false,
  }: { readonly sourceIp?: string | undefined; readonly abandoned?: (() => boolean) | undefined } = {},
): Call {
  const { pathname, searchParams } = new URL(url, 'http://gateway');
  const scope =
    /Credential=([^/,\s]+)\/[^/]+\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ??
    /^([^/]+)\/[^/]+\/([^/]+)\/([^/]+)\//.exec(searchParams.get('X-Amz-Credential') ?? '');
  const target = single(headers['x-amz-target']);
  const operation = /\/operation\/(\w+)$/.exec(pathname)?.[1];
  const form = isForm(headers) ? Object.fromEntries(new URLSearchParams(body.toString('utf8'))) : {};
  const query = { ...Object.fromEntries(searchParams), ...form };
  const json = isJson(headers) ? parseObject(body) : undefined;
  return {
    method,
    url,
    headers,
    body,
    accessKeyId: scope?.[1],
    sessionToken:
      single(headers['x-amz-security-token']) ?? searchParams.get('X-Amz-Security-Token') ?? undefined,
    service: (scope?.[3] ?? 's3').toLowerCase(),
    region: scope?.[2] ?? 'us-east-1',
    action: target?.split('.').at(-1) ?? operation ?? query.Action ?? `${method} ${pathname}`,
    params: json ?? query,
    sourceIp,
    abandoned,
  };
}

/** True if the action only reads, by the first word of its name, as AWS names actions. */
export function isRead(call: Pick<Call, 'action' | 'service'>): boolean {
  if (call.service === 'sts') return true;
  return /^(Get|List|Describe|BatchGet|TransactGet|Query|Scan|Head|Lookup|Simulate|Validate|GET |HEAD )/.test(
    call.action,
  );
}

/** An error in the shape that the service of this call uses on AWS. */
export function errorReply(call: Call, status: number, code: string, message: string): Reply {
  const requestId = randomUUID();
  const headers = { 'x-amzn-requestid': requestId };
  const protocol = protocolOf(call);
  if (protocol === 'json') {
    return reply(
      status,
      { ...headers, 'content-type': contentType(call) || 'application/json', 'x-amzn-errortype': code },
      JSON.stringify({ __type: code, message, Message: message }),
    );
  }
  const xml = (document: Xml) =>
    reply(status, { ...headers, 'content-type': 'text/xml' }, writeXml(document));
  const error = { Code: code, Message: message };
  if (protocol === 'ec2') return xml({ Response: { Errors: { Error: error }, RequestID: requestId } });
  if (protocol === 's3') return xml({ Error: { ...error, RequestId: requestId } });
  const type = status < 500 ? 'Sender' : 'Receiver';
  return xml({
    ErrorResponse: { ...namespaceOf(call), Error: { Type: type, ...error }, RequestId: requestId },
  });
}

/** A query-protocol answer: `<ActionResponse><ActionResult>…`. */
export function xmlReply(call: Call, result: Xml): Reply {
  const { action } = call;
  const answer = {
    ...namespaceOf(call),
    [`${action}Result`]: result,
    ResponseMetadata: { RequestId: randomUUID() },
  };
  return reply(200, { 'content-type': 'text/xml' }, writeXml({ [`${action}Response`]: answer }));
}

function namespaceOf({ service }: Call): Xml {
  return { '@_xmlns': NAMESPACES[service] ?? '' };
}

/** A JSON-protocol answer. */
export function jsonReply(call: Call, value: unknown, status = 200): Reply {
  const headers = {
    'content-type': contentType(call) || 'application/json',
    'x-amzn-requestid': randomUUID(),
  };
  return reply(status, headers, JSON.stringify(value));
}

/** The body of a JSON answer; undefined if it is not a JSON object. */
export function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8') || '{}');
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True for `{…}`, false for lists, null and scalars. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string parameter, or undefined. */
export function text(params: Record<string, unknown>, name: string): string | undefined {
  const value = params[name];
  return typeof value === 'string' ? value : undefined;
}

function reply(status: number, headers: Record<string, string>, body: string): Reply {
  return { status, headers, body: Buffer.from(body) };
}

function contentType(call: Call): string {
  return single(call.headers['content-type']) ?? '';
}

function isForm(headers: IncomingHttpHeaders): boolean {
  return (single(headers['content-type']) ?? '').startsWith('application/x-www-form-urlencoded');
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
