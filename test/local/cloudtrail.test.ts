import { describe, expect, it } from '@jest/globals';
import { errorOf, eventName, requestParameters, responseElements } from '../../local/gateway/cloudtrail.ts';
import type { Reply } from '../../local/gateway/wire.ts';

const reply = (status: number, body: string): Reply => ({ status, headers: {}, body: Buffer.from(body) });
const asked = (service: string, name: string, params: Record<string, unknown>) =>
  requestParameters({ service, name, params });

describe("CloudTrail's text about a call", () => {
  it('has its name in the API, and for Lambda the version of the API', () => {
    expect(eventName({ service: 's3', name: 'PutBucketPolicy' })).toBe('PutBucketPolicy');
    expect(eventName({ service: 'lambda', name: 'UpdateEventSourceMapping' })).toBe(
      'UpdateEventSourceMapping20150331',
    );
    expect(eventName({ service: 'lambda', name: 'AddPermission' })).toBe('AddPermission20150331v2');
  });

  it('has the lists of EC2 as sets of items, and sets in items under their own names', () => {
    const ranges = [{ CidrIp: '10.0.0.0/8' }];
    expect(
      asked('ec2', 'AuthorizeSecurityGroupIngress', {
        Action: 'AuthorizeSecurityGroupIngress',
        Version: '2016-11-15',
        GroupId: 'sg-1',
        DryRun: 'false',
        IpPermissions: [{ IpProtocol: 'tcp', IpRanges: ranges }],
      }),
    ).toEqual({
      groupId: 'sg-1',
      dryRun: false,
      ipPermissions: { items: [{ ipProtocol: 'tcp', ipRanges: { items: [{ cidrIp: '10.0.0.0/8' }] } }] },
    });
    expect(asked('ec2', 'TerminateInstances', { InstanceId: ['i-1', 'i-2'] })).toEqual({
      instancesSet: { items: [{ instanceId: 'i-1' }, { instanceId: 'i-2' }] },
    });
  });

  it('has the parameters of newer actions of EC2 as in the request', () => {
    expect(
      asked('ec2', 'ModifyVpcEndpoint', { VpcEndpointId: 'vpce-1', AddRouteTableId: ['rtb-1'] }),
    ).toEqual({
      ModifyVpcEndpointRequest: { VpcEndpointId: 'vpce-1', AddRouteTableId: { tag: 1, content: 'rtb-1' } },
    });
    expect(asked('ec2', 'DeleteVpcEndpoints', { VpcEndpointId: ['vpce-1', 'vpce-2'] })).toEqual({
      DeleteVpcEndpointsRequest: {
        VpcEndpointId: [
          { tag: 1, content: 'vpce-1' },
          { tag: 2, content: 'vpce-2' },
        ],
      },
    });
  });

  it('has no value of a parameter, and no name or email of an account', () => {
    expect(asked('ssm', 'PutParameter', { Name: '/a', Value: 'secret' })).toEqual({
      name: '/a',
      value: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    });
    expect(asked('organizations', 'CreateAccount', { AccountName: 'a', Email: 'a@example.com' })).toEqual({
      accountName: '****',
      email: '****',
    });
  });

  it('has no secrets of access keys and users', () => {
    const key = '<AccessKey><AccessKeyId>AKIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey></AccessKey>';
    const body = `<CreateAccessKeyResponse><CreateAccessKeyResult>${key}</CreateAccessKeyResult></CreateAccessKeyResponse>`;
    const operation = { service: 'iam', name: 'CreateAccessKey', params: {} };
    expect(responseElements(operation, reply(200, body))).toEqual({ accessKey: { accessKeyId: 'AKIA' } });
    expect(asked('iam', 'CreateLoginProfile', { UserName: 'a', Password: 's' })).toEqual({ userName: 'a' });
  });

  it('is null without parameters, without an answer, and for a failure', () => {
    const operation = { service: 'iam', name: 'DeleteRole', params: {} };
    expect(requestParameters(operation)).toBeNull();
    expect(responseElements(operation, reply(200, '<DeleteRoleResponse/>'))).toBeNull();
    expect(responseElements(operation, reply(403, '<ErrorResponse/>'))).toBeNull();
  });

  it('has errors by the names that each service has there', () => {
    const xml = (code: string) =>
      `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
    const error = (service: string, status: number, body: string) =>
      errorOf({ service }, reply(status, body)).errorCode;
    expect(error('iam', 404, xml('NoSuchEntity'))).toBe('NoSuchEntityException');
    expect(error('iam', 403, xml('AccessDenied'))).toBe('AccessDenied');
    expect(error('ec2', 503, xml('RequestLimitExceeded'))).toBe('Client.RequestLimitExceeded');
    expect(error('ec2', 500, xml('InternalError'))).toBe('Server.InternalError');
    expect(error('ec2', 403, xml('UnauthorizedOperation'))).toBe('Client.UnauthorizedOperation');
    expect(error('ssm', 400, '{"__type":"com.amazonaws#AccessDeniedException","message":"no"}')).toBe(
      'AccessDenied',
    );
    expect(error('ssm', 200, '{}')).toBeUndefined();
  });
});
