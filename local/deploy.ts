import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import {
  CreateOrganizationCommand,
  DescribeOrganizationCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { buildApp } from '../infra/app.ts';
import { bundleFunctions } from '../infra/build.ts';
import { adaptTemplate, type Template } from './adapt-template.ts';
import { localAccessKeyId } from './gateway/callers.ts';

/** What to deploy, and where. */
export interface DeployOptions {
  /** The gateway. */
  readonly endpoint: string;
  readonly region: string;
  readonly main: string;
  readonly management: string;
  /** Folder for bundles, templates and assets, for this deployment only, since several may run at once. */
  readonly directory: string;
  /** Folder of the bundled functions; default: they are bundled first. */
  readonly functionsDir?: string;
  /** CDK context that overrides that of the local runtime. */
  readonly context?: Record<string, unknown>;
}

/** What was deployed. */
export interface LocalDeployment {
  readonly organizationId: string;
  readonly stacks: readonly DeployedStack[];
}

/** A synthesised stack, as for AWS. */
export interface DeployedStack {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly template: Template;
  /** Folder of each asset, by its hash. */
  readonly assets: ReadonlyMap<string, string>;
}

/**
 * Creates the organization if there is none, synthesises the stacks and deploys them into the emulator in the order of a real
 * deployment. Idempotent: existing stacks are left alone.
 */
export async function deploy(options: DeployOptions): Promise<LocalDeployment> {
  const outdir = join(options.directory, 'cdk.out');
  const functionsDir = options.functionsDir ?? join(options.directory, 'functions');
  const bundling = options.functionsDir ? undefined : bundleFunctions(functionsDir);
  const organizationId = await organization(options);
  // The emulator needs seconds to load CloudFormation: the templates are synthesised meanwhile.
  const loading = new CloudFormationClient(localClient(options.endpoint, options.main, options.region))
    .send(new DescribeStacksCommand({}))
    .catch(() => undefined);
  await bundling;
  const app = buildApp(
    {
      mainAccountId: options.main,
      managementAccountId: options.management,
      organizationId,
      region: options.region,
      operators: [`arn:aws:iam::${options.main}:user/administrator`],
      ...options.context,
    },
    { outdir, functionsDir },
  );
  const stacks: DeployedStack[] = [];
  for (const artifact of app.synth().stacksRecursively) {
    const { stackName: name, environment, templateFullPath } = artifact;
    const { account, region } = environment;
    const template = JSON.parse(readFileSync(templateFullPath, 'utf8')) as Template;
    const stack = { name, account, region, template, assets: assetsOf(outdir, name) };
    stacks.push(stack);
  }
  // Main first, so that the management account's rule finds the bus that it forwards to.
  stacks.sort((a, b) => Number(a.account === options.management) - Number(b.account === options.management));
  await loading;
  for (const stack of stacks) await deployStack(options.endpoint, stack);
  return { organizationId, stacks };
}

/** Client settings of an account's administrator at the local runtime. */
export function localClient(endpoint: string, account: string, region: string) {
  const credentials = { accessKeyId: localAccessKeyId(account), secretAccessKey: 'local' };
  return { endpoint, region, credentials };
}

async function organization({ endpoint, management }: DeployOptions): Promise<string> {
  const client = new OrganizationsClient(localClient(endpoint, management, 'us-east-1'));
  const described = await client.send(new DescribeOrganizationCommand({})).catch((error: Error) => {
    if (error.name === 'AWSOrganizationsNotInUseException') return undefined;
    throw error;
  });
  const found = described ?? (await client.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' })));
  const id = found.Organization?.Id;
  if (!id) throw new Error('The emulator has no organization and did not create one.');
  return id;
}

async function deployStack(endpoint: string, stack: DeployedStack): Promise<void> {
  const client = new CloudFormationClient(localClient(endpoint, stack.account, stack.region));
  const body = JSON.stringify(adaptTemplate(stack.template));
  const input = {
    StackName: stack.name,
    TemplateBody: body,
    Capabilities: ['CAPABILITY_NAMED_IAM' as const],
  };
  const before = await client.send(new GetTemplateCommand({ StackName: stack.name })).catch(() => undefined);
  if (before?.TemplateBody !== undefined && sameJson(before.TemplateBody, body)) return;
  await client.send(before ? new UpdateStackCommand(input) : new CreateStackCommand(input));
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack.name }));
  const status = Stacks?.[0]?.StackStatus ?? 'missing';
  if (!/^(CREATE|UPDATE)_COMPLETE$/.test(status)) {
    throw new Error(`The stack ${stack.name} could not be deployed into the emulator: it is ${status}.`);
  }
}

function assetsOf(outdir: string, stackName: string): Map<string, string> {
  const path = join(outdir, `${stackName}.assets.json`);
  if (!existsSync(path)) return new Map();
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
    files: Record<string, { source: { path: string } }>;
  };
  return new Map(
    Object.entries(manifest.files).map(([hash, { source }]) => [hash, join(outdir, source.path)]),
  );
}

function sameJson(a: string, b: string): boolean {
  const sorted = (text: string) =>
    JSON.stringify(JSON.parse(text), (_, value) =>
      value && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
        : value,
    );
  try {
    return sorted(a) === sorted(b);
  } catch {
    return false;
  }
}
