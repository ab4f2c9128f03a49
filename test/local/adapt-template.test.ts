import { describe, expect, it } from '@jest/globals';
import { adaptTemplate } from '../../local/adapt-template.ts';

describe('The template for the emulator', () => {
  it('does not change what the emulator understands', () => {
    const template = { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } } } };
    expect(adaptTemplate(template)).toEqual(template);
  });

  it('has no schedules, and no dependencies on them', () => {
    const { Resources } = adaptTemplate({
      Resources: {
        Clock: { Type: 'AWS::Scheduler::Schedule' },
        Queue: { Type: 'AWS::SQS::Queue', DependsOn: ['Clock', 'Other'] },
        Other: { Type: 'AWS::SQS::Queue', DependsOn: 'Clock' },
      },
    });
    expect(Resources).toEqual({
      Queue: { Type: 'AWS::SQS::Queue', DependsOn: ['Other'] },
      Other: { Type: 'AWS::SQS::Queue', DependsOn: [] },
    });
  });

  it('has the policies of a role as resources of their own, and its other attributes unchanged', () => {
    const PolicyDocument = { Statement: [] };
    const { Resources } = adaptTemplate({
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          DeletionPolicy: 'Retain',
          Properties: { RoleName: 'r', Policies: [{ PolicyName: 'p', PolicyDocument }] },
        },
      },
    });
    expect(Resources).toEqual({
      Role: { Type: 'AWS::IAM::Role', DeletionPolicy: 'Retain', Properties: { RoleName: 'r' } },
      RoleInline0: {
        Type: 'AWS::IAM::Policy',
        Properties: { PolicyName: 'p', PolicyDocument, Roles: [{ Ref: 'Role' }] },
      },
    });
  });
});
