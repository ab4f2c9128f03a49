import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { FUNCTIONS, type FunctionName } from '../shared/deployment/names.ts';
import { bundleFunctions, FUNCTIONS_DIR } from './build.ts';
import { readContext } from './context.ts';
import { identityStack } from './identity-stack.ts';
import { mainStack } from './main-stack.ts';
import { controlTowerStack, managementStack } from './management-stack.ts';

/** Options of the app, all optional. */
export interface BuildOptions {
  /** Where `synth()` writes the templates; default: CDK's. */
  outdir?: string;
  /** Folder with one folder for each bundled function; default: `dist/functions`. */
  functionsDir?: string;
  /** Check the templates during synthesis, by cdk-nag and by the CDK's own rules, which take seconds; default: false. */
  checks?: boolean;
}

/**
 * The CDK app with all stacks, from the given context, else from that of the CDK command line. The functions must be bundled
 * already. Writes nothing before `synth()`.
 * @throws an error for people if the context is incomplete or a bundle is missing
 */
export function buildApp(context: Record<string, unknown> = {}, options: BuildOptions = {}): App {
  const { outdir, functionsDir = FUNCTIONS_DIR, checks = false } = options;
  const app = new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: checks,
    ...(outdir && { outdir }),
    context: { '@aws-cdk/core:enablePartitionLiterals': true },
  });
  const deployment = readContext({ ...app.node.getAllContext(), ...context });
  const main = mainStack(app, deployment, bundles(functionsDir));
  main.addStackDependency(identityStack(app, deployment), "the functions' roles must exist");
  managementStack(app, deployment);
  controlTowerStack(app, deployment);
  if (checks) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

function bundles(directory: string): Record<FunctionName, string> {
  const found = FUNCTIONS.map((name) => [name, path.join(directory, name)] as const);
  const missing = found.filter(([, folder]) => !existsSync(path.join(folder, 'index.mjs')));
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(', ');
    throw new Error(`No bundle in ${directory} for: ${names}. Run npm run build first.`);
  }
  return Object.fromEntries(found) as Record<FunctionName, string>;
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await bundleFunctions();
  try {
    buildApp({}, { checks: true }).synth();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
