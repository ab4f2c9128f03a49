import { describe, expect, it } from '@jest/globals';
import { adaptTemplate } from '../../local/adapt-template.ts';

describe('The template for the emulator', () => {
  it('leaves alone what the emulator understands', () => {
    const template = { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } } } };
    expect(adaptTemplate(template)).toEqual(template);
  });

  it('drops schedules, and dependencies on them', () => {
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

  it("puts a role's policies beside it, and keeps its other attributes", () => {
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
