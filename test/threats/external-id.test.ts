import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { managedKinds, namesOf } from '../../controllers/engine/desired-state.ts';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import { ExecutionRoleSection } from '../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { kindAccount } from '../../controllers/kinds/kind-account.ts';
import { evaluate } from '../../shared/policy/index.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../kit/factories.ts';

const OTHER = '567890123456';
const config = aConfig();
const OWN = aRecord().externalId;
const OTHERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ543210';

/** The execution role that a shipped baseline makes in the member. */
function roleOf(name: string) {
  const text = readFileSync(`infra/baselines/${name}.yaml`, 'utf8');
  const parsed = parseBaseline(text, kinds);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  const baseline = { ...parsed.baseline, schemaVersion: 1 as const, version: 1, text, publishedAt: '' };
  const section = ExecutionRoleSection.parse(baseline.sections.executionRole);
  const account = kindAccount(aRecord(), config, managedKinds(baseline, kinds));
  return executionRole.render(section, namesOf(aRecord(), config, {}), account);
}

/** Whether a caller with every permission of its own gets the role by that ExternalId. */
function gets(arn: string, baseline: string, externalId: string | undefined): boolean {
  const { arn: resource, trustPolicy } = roleOf(baseline);
  const request = {
    principal: { arn },
    action: 'sts:AssumeRole',
    resource,
    context: externalId === undefined ? {} : { 'sts:ExternalId': externalId },
  };
  const identity = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
  return evaluate(request, { identity, trust: trustPolicy }).decision === 'Allowed';
}

const session = (account: string, role: string) => `arn:aws:sts::${account}:assumed-role/${role}/x`;

describe.each(['analytics', 'analytics-bounded'])('The execution role of %s', (baseline) => {
  it('admits the runner and the API role of Main, with the ExternalId of the account', () => {
    expect(gets(config.runnerRoleArn, baseline, OWN)).toBe(true);
    expect(gets(config.apiRoleArn, baseline, OWN)).toBe(true);
  });

  it('admits nobody in another member and no stranger, even with a stolen ExternalId', () => {
    for (const account of [OTHER, '999999999999']) {
      for (const role of ['Admin', 'orgkeeper-execution', 'orgkeeper-WorkflowLoopRunnerRole'])
        expect(gets(session(account, role), baseline, OWN)).toBe(false);
      expect(gets(`arn:aws:iam::${account}:user/eve`, baseline, OWN)).toBe(false);
    }
  });

  it('admits no other role of Main, even with the ExternalId', () => {
    for (const role of ['Admin', 'orgkeeper-IntakeRole', 'orgkeeper-WorkflowLoopRunnerRole2'])
      expect(gets(session(MAIN, role), baseline, OWN)).toBe(false);
  });

  it('admits nobody without the ExternalId, or with that of another account: Orgkeeper is no confused deputy', () => {
    for (const arn of [config.runnerRoleArn, config.apiRoleArn, session(MEMBER, 'Admin')]) {
      expect(gets(arn, baseline, undefined)).toBe(false);
      expect(gets(arn, baseline, OTHERS)).toBe(false);
    }
  });
});
