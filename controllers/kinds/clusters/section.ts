import { z } from 'zod';
import { InstanceType, Span } from '../../../shared/domain/clusters.ts';
import { policyDocument, roleFields } from '../iam-role/section.ts';

/** The section `clusters` of a baseline: the quotas of each account, and where and how its clusters run. */
export const Section = z.strictObject({
  /** How many clusters an account may have at once. */
  most: z.int().min(1).max(100),
  instanceTypes: z.array(InstanceType).min(1).max(100),
  /** The longest time to live. */
  longest: Span,
  /** The subnet of the instances: `${subnet.public.id}`. */
  subnet: z.string().min(1).max(255),
  /** What EMR installs. */
  applications: z
    .array(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/, 'must be the name of an application of EMR'))
    .min(1)
    .max(30)
    .default(['Hadoop', 'Spark']),
  /** What the instances may do besides what EMR itself needs of them. */
  instancePolicy: policyDocument('permissions').optional(),
  /** ARN of the boundary of the roles. */
  permissionsBoundary: roleFields({}).permissionsBoundary,
});
export type Section = z.infer<typeof Section>;

/** What limits the clusters of an account. */
export type Quotas = Pick<Section, 'most' | 'instanceTypes' | 'longest'>;
