import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AnnouncementType, announcements } from '../../shared/domain/announcements.ts';
import { blocksOf, page } from '../docs/pages.ts';
import { ofType, only, type Resources, templates } from './support.ts';

/** What a person or AWS may write into free text. */
const AWKWARD =
  'the "role" C:\\x\n\tis {not} <there>, \'sorry\': \u2028 "]}, {"text": "\u0007 Größe 🚀 ${x} \\u00';
const SECRET = { url: '', header: 'X-Chat-Token', value: 'opaque' };

interface Target {
  readonly InputTransformer: {
    readonly InputPathsMap: Record<string, string>;
    readonly InputTemplate: string;
  };
}

/**
 * What EventBridge makes of an event by an input transformer, by its user guide: outside of a string a value is JSON, within one it is its
 * text, not escaped; a path that the event lacks leaves nothing.
 */
function transformed(
  { InputPathsMap, InputTemplate }: Target['InputTransformer'],
  event: { readonly detail: Readonly<Record<string, unknown>> },
): string {
  let isInString = false;
  return InputTemplate.replace(/\\.|"|<([\w-]+)>/g, (token, name?: string) => {
    if (token === '"') isInString = !isInString;
    if (name === undefined) return token;
    const value = event.detail[String(InputPathsMap[name]).replace(/^\$\.detail\./, '')];
    if (value === undefined) return '';
    return isInString && typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** The detail that docs/events.md shows, with awkward text in every field that may have any. */
function awkwardDetail(event: AnnouncementType): Record<string, unknown> {
  const shown = blocksOf(page('docs/events.md'), 'json')
    .filter(({ heading }) => heading === event)
    .map(({ text }) => JSON.parse(text) as Record<string, unknown>)
    .at(-1);
  const detail = { ...shown };
  for (const [field, value] of Object.entries(detail)) {
    const other = { ...detail, [field]: AWKWARD };
    if (typeof value === 'string' && announcements[event].safeParse(other).success) detail[field] = AWKWARD;
  }
  return detail;
}

const EVENTS = Object.keys(announcements) as AnnouncementType[];

describe('a webhook', () => {
  let server: Server;
  const received: { request: IncomingMessage; body: string }[] = [];
  let resources: Resources;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ request, body: Buffer.concat(chunks).toString() });
        response.end('ok');
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    resources = templates({ notify: [{ webhookSecret: 'chat', events: EVENTS }] }).orgkeeper ?? {};
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  /** The secret's value that CloudFormation puts there. */
  const resolved = (text: unknown) => {
    const { port } = server.address() as { port: number };
    const secret = { ...SECRET, url: `http://127.0.0.1:${port}/hook` };
    const [, key] = /^{{resolve:secretsmanager:chat:SecretString:(\w+)}}$/.exec(String(text)) ?? [];
    return secret[key as keyof typeof SECRET];
  };

  /** Sends a notice as EventBridge would: method, URL and header of the API destination, body of the rule. */
  async function send(event: AnnouncementType, detail: Record<string, unknown>) {
    const destination = only(resources, 'AWS::Events::ApiDestination');
    const { AuthParameters } = only(resources, 'AWS::Events::Connection');
    const { ApiKeyAuthParameters: key } = AuthParameters as {
      ApiKeyAuthParameters: { ApiKeyName: string; ApiKeyValue: string };
    };
    const rule = Object.values(ofType(resources, 'AWS::Events::Rule')).find(
      ({ Properties }) =>
        String(Properties.Name).startsWith('orgkeeper-notice-') &&
        JSON.stringify(Properties.EventPattern).includes(`"${event}"`),
    );
    const [target] = (rule?.Properties.Targets ?? []) as Target[];
    if (!target) throw new Error(`no rule tells ${event}`);
    await fetch(resolved(destination.InvocationEndpoint), {
      method: String(destination.HttpMethod),
      headers: { 'content-type': 'application/json', [resolved(key.ApiKeyName)]: resolved(key.ApiKeyValue) },
      body: transformed(target.InputTransformer, { detail }),
    });
    const last = received.at(-1);
    if (!last) throw new Error('nothing was received');
    return last;
  }

  it.each(EVENTS)('gets valid JSON of %s, whatever text the event has', async (event) => {
    const detail = awkwardDetail(event);
    const { body, request } = await send(event, detail);
    expect(request).toMatchObject({ method: 'POST', url: '/hook', headers: { 'x-chat-token': 'opaque' } });
    const said = JSON.parse(body);
    expect(Object.keys(said)).toEqual(['text']);
    expect(said.text).toMatch(/^[A-Z<\d].* See: orgkeeper [a-z]/);
    expect(said.text).not.toMatch(/<\w+>/);
    if (typeof detail.accountId === 'string' && event !== 'WorkFailed' && event !== 'RequestRejected')
      expect(said.text).toContain(detail.accountId);
  });

  it('is told of a roll-out that halted by its id, wave and reason', async () => {
    const { body } = await send('RolloutHalted', awkwardDetail('RolloutHalted'));
    expect(JSON.parse(body)).toEqual({
      text: 'Roll-out analytics-4-3fa9c1 has halted in wave 2: TooManyFailures (failed: 2; drifted: 0). See: orgkeeper rollout show analytics-4-3fa9c1',
    });
  });

  it('would get no JSON if a text were written into its sentence', () => {
    const InputTransformer = {
      InputPathsMap: { message: '$.detail.message' },
      InputTemplate: '{"text": "<message>"}',
    };
    expect(() => JSON.parse(transformed(InputTransformer, { detail: { message: AWKWARD } }))).toThrow(
      SyntaxError,
    );
  });
});
