import { describe, expect, test } from '@jest/globals';
import { isGone, unlessGone } from '../../shared/aws/gone.ts';

const refusal = (name: string) => Object.assign(new Error('not found'), { name });

describe('unlessGone', () => {
  test.each([
    ['vpc', 'InvalidVpcID.NotFound'],
    ['endpoint', 'InvalidVpcEndpointId.NotFound'],
    ['attachment', 'Gateway.NotAttached'],
    ['parameter', 'ParameterNotFound'],
    ['role or policy', 'NoSuchEntityException'],
  ] as const)('treats %s as gone if it answers %s', async (what, name) => {
    expect(await unlessGone(what, () => Promise.reject(refusal(name)))).toBeUndefined();
  });

  test.each([
    ['endpoint', 'InvalidRoute.NotFound'],
    ['endpoint', 'InvalidRouteTableID.NotFound'],
    ['subnet', 'InvalidVpcID.NotFound'],
    ['association', 'InvalidRouteTableID.NotFound'],
    ['parameter', 'ParameterVersionNotFound'],
  ] as const)('does not treat %s as gone if it answers %s', async (what, name) => {
    expect(isGone(what, refusal(name))).toBe(false);
    await expect(unlessGone(what, () => Promise.reject(refusal(name)))).rejects.toThrow('not found');
  });

  test('returns the result of the call if the resource exists', async () => {
    expect(await unlessGone('vpc', async () => 7)).toBe(7);
  });
});
