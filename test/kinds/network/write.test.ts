import { describe, expect, test } from '@jest/globals';
import { apply } from '../../../controllers/kinds/network/network.ts';
import { tableNamed } from '../../../controllers/kinds/network/route-tables.ts';
import { clientToken } from '../../../controllers/kinds/network/write.ts';
import { Conflict, NotYetConsistent, ServiceFault } from '../../../shared/domain/errors.ts';
import { NOW } from '../../kit/clock.ts';
import { awsError } from '../../kit/sdk.ts';
import { answers, change, failureOf, fakeContext, healthy } from './samples.ts';

const madeAt = NOW.toISOString();
describe('the writing calls of a network', () => {
  test.each(['CreateVpc', 'CreateInternetGateway', 'CreateSubnet'])(
    'do not send %s again without an answer, but have the next run search for the resource',
    async (name) => {
      const { context, sent } = fakeContext({ ...answers, [name]: new ServiceFault('no answer') });
      const thrown = await failureOf(apply(change(undefined), context));
      expect(thrown).toBeInstanceOf(NotYetConsistent);
      expect(thrown).toMatchObject({ reason: 'UnansweredCreate', retryAfterSeconds: 15 });
      expect(sent.filter((one) => one.name === name)).toHaveLength(1);
    },
  );

  test('record a create without an answer, with the ids that had these tags before', async () => {
    const copies = [
      { type: 'subnet', id: 'subnet-8', logical: 'subnet/public', made: false },
      { type: 'subnet', id: 'subnet-9', logical: 'subnet/other', made: false },
    ] as const;
    const actual = { ...healthy, subnets: {}, taggedAsOurs: copies };
    const { context, outputs } = fakeContext({ CreateSubnet: new ServiceFault('no answer') });
    await failureOf(apply(change(actual), context));
    expect(outputs['unanswered.subnet.public.id']).toBe(`${madeAt} subnet-8`);
  });

  test('record a create with a client token, too, if the SDK sent it more than once', async () => {
    const answer = { VpcEndpoint: { VpcEndpointId: 'vpce-2' }, $metadata: { attempts: 3 } };
    const { context, outputs } = fakeContext({ CreateVpcEndpoint: answer });
    await apply(change({ ...healthy, endpoints: {} }), context);
    expect(outputs).toMatchObject({ 'endpoint.s3.id': 'vpce-2', 'unanswered.endpoint.s3.id': madeAt });
  });

  test('are repeated while other calls do not see a new id yet', async () => {
    let asked = 0;
    const { context } = fakeContext({
      ...answers,
      ModifySubnetAttribute: () => {
        asked += 1;
        if (asked === 1) throw awsError('InvalidSubnetID.NotFound');
        return {};
      },
    });
    await apply(change(undefined), context);
    expect(asked).toBe(2);
  });

  test('throw Conflict if somebody changed the resource meanwhile, so that the next run observes again', async () => {
    const { context } = fakeContext({
      ...answers,
      AttachInternetGateway: awsError('Resource.AlreadyAssociated'),
    });
    expect(await failureOf(apply(change(undefined), context))).toBeInstanceOf(Conflict);
  });

  test('use a client token that is the same for a repeated call and changes once the resource existed', () => {
    const named = tableNamed('public');
    const token = (recorded: Record<string, string>, vpcId = 'vpc-1') =>
      clientToken({ context: fakeContext({}, recorded).context }, named, { VpcId: vpcId });
    expect(token({})).toBe(token({}));
    expect(token({})).not.toBe(token({ 'routeTable.public.id': 'rtb-1' }));
    expect(token({})).not.toBe(token({}, 'vpc-2'));
    expect(token({}).length).toBeLessThanOrEqual(64);
  });
});
