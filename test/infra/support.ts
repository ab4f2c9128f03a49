import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { App } from 'aws-cdk-lib';
import { buildApp } from '../../infra/app.ts';
import { FUNCTIONS } from '../../shared/deployment/names.ts';

/** Context of an organization whose three accounts are different ones. */
export const CONTEXT = {
  mainAccountId: '345678901234',
  managementAccountId: '210987654321',
  organizationId: 'o-a1b2c3d4e5',
  region: 'eu-west-1',
  requesters: ['111122223333', '444455556666'],
  operators: ['arn:aws:iam::345678901234:role/Admin', 'arn:aws:iam::777788889999:role/ci/*'],
} as const;

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
}
export type Resources = Record<string, Resource>;
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  Action: string | string[];
  Resource?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

/** The app of CONTEXT and these changes to it, with stand-ins for the functions' bundles. */
export function app(changes: Record<string, unknown> = {}, checks = false): App {
  const directory = mkdtempSync(path.join(tmpdir(), 'orgkeeper-infra-'));
  for (const name of FUNCTIONS) {
    mkdirSync(path.join(directory, 'functions', name), { recursive: true });
    writeFileSync(
      path.join(directory, 'functions', name, 'index.mjs'),
      `export const handler = '${name}';\n`,
    );
  }
  return buildApp(
    { ...CONTEXT, ...changes },
    { outdir: path.join(directory, 'out'), functionsDir: path.join(directory, 'functions'), checks },
  );
}

/** The templates that CloudFormation would get, by name of their stack. */
export function templates(changes: Record<string, unknown> = {}): Record<string, Resources> {
  const assembly = app(changes).synth();
  return Object.fromEntries(assembly.stacks.map((stack) => [stack.stackName, stack.template.Resources]));
}

/** Resources of a type, by logical id. */
export function ofType(resources: Resources | undefined, type: string): Resources {
  return Object.fromEntries(Object.entries(resources ?? {}).filter(([, resource]) => resource.Type === type));
}

/** The one resource of a type for which `is` holds. */
export function only(
  resources: Resources | undefined,
  type: string,
  is: (properties: Record<string, unknown>) => boolean = () => true,
): Record<string, unknown> {
  const found = Object.values(ofType(resources, type)).filter((resource) => is(resource.Properties));
  const [one] = found;
  if (!one || found.length > 1) throw new Error(`expected one ${type}, found ${found.length}`);
  return one.Properties;
}

/** The statements of a policy document of a template. */
export function statements(document: unknown): Statement[] {
  return (document as { Statement: Statement[] }).Statement;
}

/** Every statement of a template, with the logical id of the resource that it stands in. */
export function allStatements(resources: Resources | undefined): { id: string; statement: Statement }[] {
  return Object.entries(resources ?? {}).flatMap(([id, resource]) =>
    within(resource.Properties).map((statement) => ({ id, statement })),
  );
}

function within(value: unknown): Statement[] {
  if (Array.isArray(value)) return value.flatMap(within);
  if (typeof value !== 'object' || value === null) return [];
  const here = 'Effect' in value && 'Action' in value ? [value as Statement] : [];
  return [...here, ...Object.values(value).flatMap(within)];
}

/** One or many, as a list. */
export function listOf<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** What a role of the main stack is allowed by the policies that name it, or by the one of this name. */
export function allowedTo(
  resources: Resources | undefined,
  is: (roles: string) => boolean,
  policyName?: string,
): Statement[] {
  return Object.values(ofType(resources, 'AWS::IAM::Policy'))
    .filter(({ Properties }) => is(JSON.stringify(Properties.Roles)))
    .filter(({ Properties }) => policyName === undefined || Properties.PolicyName === policyName)
    .flatMap(({ Properties }) => statements(Properties.PolicyDocument));
}

/** Replaces references by the logical id, so that text made of tokens can be read. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  const join = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  if (join) return join[1].map(text).join(join[0]);
  return (value as { Ref: string }).Ref;
}
