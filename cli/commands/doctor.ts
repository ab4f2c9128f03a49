import { Command } from 'commander';
import { cell } from '../../shared/domain/escape.ts';
import { connect } from '../client.ts';
import { baseline } from '../doctor/baseline.ts';
import { type CheckResult, type DoctorCheck, failed, ok } from '../doctor/check.ts';
import { events } from '../doctor/events.ts';
import { type Examined, examine, Unseen } from '../doctor/examined.ts';
import { functions } from '../doctor/functions.ts';
import { messages } from '../doctor/messages.ts';
import { organization } from '../doctor/organization.ts';
import { pauses } from '../doctor/pauses.ts';
import { regions } from '../doctor/regions.ts';
import { roles } from '../doctor/roles.ts';
import { trail } from '../doctor/trail.ts';
import { examples } from '../examples.ts';
import { explain, Failure } from '../failure.ts';
import { colours, print, printJson, say } from '../terminal.ts';

/** `doctor`: is everything in place that a deployment needs? */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Checks a deployment; changes nothing. Prints what each check found, and the remedy.')
    .option('--json', 'print a list of { check, ok, message, remedy }')
    .addHelpText('after', examples('orgkeeper doctor', 'orgkeeper doctor --json'))
    .action(doctor);
}

/** The JSON document of a check. */
interface Told {
  readonly check: string;
  /** Null if the check was skipped. */
  readonly ok: boolean | null;
  readonly message: string;
  /** What to do, if the check failed. */
  readonly remedy?: string;
}

/** `doctor`: runs every check; changes nothing. @throws Failure if a check failed */
export async function doctor(options: { readonly json?: boolean }): Promise<void> {
  const findings = await lookAtAll();
  const told = findings.map(([name, finding]) => tell(name, finding));
  if (options.json) printJson(told);
  else for (const [name, finding] of findings) printLine(name, finding);
  const bad = told.filter((one) => one.ok === false).map(({ check }) => check);
  const blind = told.filter((one) => one.ok === null).length;
  if (bad.length > 0) throw new Failure(`${bad.length} of ${told.length} checks failed: ${bad.join(', ')}.`);
  say(`${told.length - blind} of ${told.length} checks are ok${blind > 0 ? `, ${blind} skipped` : ''}.`);
}

async function lookAtAll(): Promise<(readonly [string, CheckResult])[]> {
  const found = await connect().catch((error: unknown) => {
    if (error instanceof Failure) return error;
    throw error;
  });
  if (found instanceof Failure) {
    const nothing: CheckResult = { is: 'skipped', message: 'Skipped: there is no configuration.' };
    const remedy =
      'Use credentials of Main and its AWS_REGION, and this version of Orgkeeper: `npm run deploy:main`.';
    return [
      ['configuration', failed(found.message, remedy)],
      ...checks.map(({ name }) => [name, nothing] as const),
    ];
  }
  const { config } = found;
  const examined = await examine(config);
  const rest = checks.map(async (check) => [check.name, await look(check, examined)] as const);
  const here = `Orgkeeper of this version is in account ${config.mainAccountId}, region ${config.region}.`;
  return [['configuration', ok(here)], ...(await Promise.all(rest))];
}

async function look(check: DoctorCheck, examined: Examined): Promise<CheckResult> {
  try {
    return await check.look(examined);
  } catch (error) {
    if (error instanceof Unseen) return { is: 'skipped', message: error.message };
    const denied = error instanceof Error && /^AccessDenied|^Unauthorized|^NotAuthorized/.test(error.name);
    // The caller's own permissions need not suffice: whoever is an operator has those of the API role.
    if (denied && !examined.asApiRole) {
      return { is: 'skipped', message: 'This check needs the API role, see `api-role`.' };
    }
    return failed(
      `The check could not run. ${explain(error)}`,
      denied
        ? 'The API role and the inspecting role may look since this version: `npm run deploy:main`, `npm run deploy:management`.'
        : 'Run `orgkeeper doctor` again; `ORGKEEPER_DEBUG=1` says more.',
    );
  }
}

function tell(check: string, finding: CheckResult): Told {
  const { is, message } = finding;
  return {
    check,
    ok: is === 'skipped' ? null : is === 'ok',
    message,
    ...(is === 'failed' && { remedy: finding.remedy }),
  };
}

function printLine(name: string, finding: CheckResult): void {
  const c = colours();
  const paint = { ok: c.green, failed: c.red, skipped: c.dim }[finding.is];
  const remedy = finding.is === 'failed' ? ` → ${finding.remedy}` : '';
  print(`${paint(finding.is.padEnd(8))}${name.padEnd(19)}${cell(finding.message + remedy)}`);
}

/** Every check, in the order of the output. The check that there is a deployment comes before these. */
export const checks: readonly DoctorCheck[] = [
  ...roles,
  ...organization,
  ...trail,
  ...events,
  ...functions,
  ...messages,
  ...baseline,
  ...pauses,
  ...regions,
];
