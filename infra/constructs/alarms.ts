import {
  aws_cloudwatch as cloudwatch,
  Duration,
  aws_iam as iam,
  type Stack,
  aws_sns_subscriptions as subscriptions,
} from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { encryptedTopic, topicKey } from './topics.ts';

/** An alarm for the topic. */
export interface Alarm {
  name: string;
  /** One sentence for the person on call. */
  description: string;
  metric: cloudwatch.Metric;
  /** Fires if the metric is at least this (or at most, with `below`) … */
  threshold: number;
  /** … in this many consecutive periods. */
  periods?: number;
  below?: boolean;
  /** Its topic is not told, since those who are subscribed are told otherwise. */
  silent?: boolean;
  /** Between two values of the metric it stays as it is. */
  gauge?: boolean;
}

/**
 * The encrypted topic for the alarms of this stack, and a function that adds an alarm. Only CloudWatch may publish to it, for alarms
 * of this account. An email address, if given, is subscribed.
 */
export function alarms(
  stack: Stack,
  options: { topicName: string; account: string; email?: string | undefined },
): (alarm: Alarm) => void {
  const parent = new Construct(stack, 'Alarms');
  const publisher = {
    sid: 'CloudWatchPublishes',
    principal: new iam.PrincipalWithConditions(new iam.ServicePrincipal('cloudwatch.amazonaws.com'), {
      StringEquals: { 'aws:SourceAccount': options.account },
    }),
  };
  const key = topicKey(parent, publisher, 'Orgkeeper: encrypts alarms in SNS');
  const topic = encryptedTopic(parent, 'Topic', { topicName: options.topicName, key, publisher });
  if (options.email) topic.addSubscription(new subscriptions.EmailSubscription(options.email));
  const action = new SnsAction(topic);

  return ({ name, description, metric, threshold, periods = 1, below = false, silent, gauge }) => {
    const alarm = new cloudwatch.Alarm(parent, name, {
      alarmName: `orgkeeper-${name.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase()}`,
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: below
        ? cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD
        : cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: missing(below, gauge),
    });
    if (!silent) alarm.addAlarmAction(action);
  };
}

function missing(below: boolean, gauge = false): cloudwatch.TreatMissingData {
  if (gauge) return cloudwatch.TreatMissingData.IGNORE;
  return below ? cloudwatch.TreatMissingData.BREACHING : cloudwatch.TreatMissingData.NOT_BREACHING;
}

/** A metric of AWS or of ours. */
export function metric(
  namespace: 'AWS/SQS' | 'AWS/Lambda' | 'AWS/Scheduler' | 'Orgkeeper',
  metricName: string,
  dimensions: Record<string, string>,
  statistic: 'Sum' | 'Maximum' = 'Maximum',
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace,
    metricName,
    dimensionsMap: dimensions,
    statistic,
    period: Duration.minutes(5),
  });
}
