import * as account from '@aws-sdk/client-account';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import * as s3control from '@aws-sdk/client-s3-control';
import * as scheduler from '@aws-sdk/client-scheduler';
import type { Call } from '../wire.ts';
import { isObject, parseObject } from '../wire.ts';

/** The operation of a call, independent of the protocol. */
export interface Operation {
  /** `iam`, `s3control`; the signing name, but where two services share one. */
  readonly service: string;
  /** As the API names it: `GetFunctionConfiguration`. */
  readonly name: string;
  readonly params: Params;
}

/** Parameters, nested as the SDK takes them; what is a number or a list of one on the wire may be text or one. */
export type Params = Readonly<Record<string, unknown>>;

/** The texts among values of parameters, one or a list of them. */
export function texts(...values: readonly unknown[]): string[] {
  return values.flat().filter((one): one is string => typeof one === 'string' && one !== '');
}

/** The objects among values of parameters. */
export function objects(...values: readonly unknown[]): Params[] {
  return values.flat().filter(isObject);
}

/** One operation of a REST service, as AWS's own model of the service has it. */
interface Route {
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  readonly labels: readonly string[];
  /** Query parameters of the path by which it is told from others: `uploads`. */
  readonly query: readonly string[];
  readonly members: readonly Member[];
  /** True where the body is one parameter, which the gateway does not read. */
  readonly payload: boolean;
}

/** A parameter that is sent in the query or as a header. */
interface Member {
  readonly name: string;
  readonly query?: string;
  readonly header?: string;
  readonly required: boolean;
}

/** By the schemas of operations that the SDK's clients export. */
const REST: Readonly<Record<string, readonly Route[]>> = Object.fromEntries(
  Object.entries({ account, lambda, s3, s3control, scheduler }).map(([service, client]) => [
    service,
    routesOf(Object.values(client)),
  ]),
);

/** The operation of a call. A REST call that is no known operation is named by method and path. */
export function operationOf(call: Call): Operation {
  const { pathname, searchParams } = new URL(call.url, 'http://gateway');
  const service = call.service === 's3' && pathname.startsWith('/v20180820/') ? 's3control' : call.service;
  const routes = REST[service];
  if (!routes) return { service, name: call.action, params: nested(call.params) };
  const query = Object.fromEntries(searchParams);
  const bound = ({ query: name = '', header = '' }: Member) => query[name] ?? call.headers[header];
  const found = routes.filter(
    (route) =>
      route.method === call.method &&
      route.path.test(pathname) &&
      route.query.every((name) => query[name] !== undefined) &&
      route.members.every((one) => !one.required || bound(one) !== undefined),
  );
  const route = found.find(({ name }) => name === query['x-id']) ?? found[0];
  if (!route) return { service, name: call.action, params: query };
  const labels = (route.path.exec(pathname) ?? []).slice(1).map((text = '') => decodeURIComponent(text));
  const params = {
    ...(route.payload ? {} : parseObject(call.body)),
    ...Object.fromEntries(route.members.map((one) => [one.name, bound(one)])),
    ...Object.fromEntries(route.labels.map((label, at) => [label, labels[at]])),
  };
  return { service, name: route.name, params };
}

/** The most specific operations first. */
function routesOf(schemas: readonly unknown[]): readonly Route[] {
  const needs = ({ query, members }: Route) =>
    query.length + members.filter(({ required }) => required).length;
  const given = ({ path, labels }: Route) => path.source.length - 20 * labels.length;
  return schemas
    .flatMap(routeOf)
    .sort((one, other) => needs(other) - needs(one) || given(other) - given(one));
}

/**
 * Of an operation `[9, namespace, name, { http: [method, path, status] }, input, output]`, of a structure as its input
 * `[3, namespace, name, traits, names of members, schemas of members, how many of them are required]`; of a member `[schema, traits]`.
 */
function routeOf(schema: unknown): Route[] {
  if (!Array.isArray(schema) || schema[0] !== 9 || !schema[3]?.http) return [];
  const [, , name, traits, input] = schema;
  const [method, template]: [string, string] = traits.http;
  const [, , , , names, schemas, required = 0] = typeof input === 'function' ? input() : input;
  const members = ((names ?? []) as string[]).flatMap((member, at): Member[] => {
    const { httpQuery, httpHeader } = Object(schemas[at]?.[1]);
    if (httpQuery === undefined && httpHeader === undefined) return [];
    return [
      {
        name: member,
        required: at < required,
        ...(httpQuery !== undefined && { query: httpQuery }),
        ...(httpHeader !== undefined && { header: httpHeader.toLowerCase() }),
      },
    ];
  });
  const payload = (schemas ?? []).some((one: unknown) => Object(Object(one)[1]).httpPayload !== undefined);
  const [path = '', search = ''] = template.split('?');
  // The model leaves the bucket to the endpoint; at an endpoint that somebody names it leads the path.
  const whole = names?.includes('Bucket') && !path.includes('{Bucket}') ? `/{Bucket}${path}` : path;
  const labels = [...whole.matchAll(/\{(\w+)\+?\}/g)].map(([, label = '']) => label);
  const pattern = whole
    .replace(/\/$/, '')
    .replace(/\{\w+\+\}/g, '(.+)')
    .replace(/\{\w+\}/g, '([^/]+)');
  const query = search
    .split('&')
    .map((one) => one.split('=')[0] ?? '')
    .filter((one) => one !== '' && one !== 'x-id');
  return [{ name, method, path: new RegExp(`^${pattern}/?$`), labels, query, members, payload }];
}

/** `Tags.member.1.Key` and `Tag.1.Key` are the key of the first of a list. */
function nested(params: Params): Params {
  const whole: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    if (!name.includes('.')) whole[name] = value;
    else
      put(
        whole,
        name.split('.').filter((part) => part !== 'member'),
        value,
      );
  }
  return lists(whole) as Params;
}

function put(whole: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    whole[name] = value;
    return;
  }
  const inner = isObject(whole[name]) ? whole[name] : {};
  whole[name] = inner;
  put(inner, rest, value);
}

/** Objects whose names are numbers are lists. */
function lists(value: unknown): unknown {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, lists(one)] as const);
  const isList = entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name));
  return isList ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}
