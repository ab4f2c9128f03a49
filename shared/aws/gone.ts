/**
 * What AWS answers when the thing that a call names does not exist, by thing. Only these codes mean that it is gone:
 * another `…NotFound` is about something else, and stays an error. Sources: EC2 "Error codes for the Amazon EC2 API";
 * SSM, IAM, S3 and S3 Control, the errors of each action in their API references.
 */
const CODES = {
  vpc: ['InvalidVpcID.NotFound'],
  'internet gateway': ['InvalidInternetGatewayID.NotFound'],
  /** Its internet gateway or VPC may be gone, or both are there and apart. */
  attachment: ['Gateway.NotAttached', 'InvalidInternetGatewayID.NotFound', 'InvalidVpcID.NotFound'],
  subnet: ['InvalidSubnetID.NotFound', 'InvalidSubnetId.NotFound'],
  'route table': ['InvalidRouteTableID.NotFound', 'InvalidRouteTableId.NotFound'],
  association: ['InvalidAssociationID.NotFound'],
  'security group': ['InvalidGroup.NotFound', 'InvalidGroupId.NotFound'],
  /** Of a security group, which may be gone itself. */
  rule: ['InvalidPermission.NotFound', 'InvalidGroup.NotFound', 'InvalidGroupId.NotFound'],
  endpoint: ['InvalidVpcEndpointId.NotFound', 'InvalidVpcEndpoint.NotFound'],
  parameter: ['ParameterNotFound'],
  bucket: ['NoSuchBucket'],
  'bucket policy': ['NoSuchBucketPolicy'],
  /** A bucket from before there were any allows ACLs. */
  'ownership controls': ['OwnershipControlsNotFoundError'],
  'public access block': ['NoSuchPublicAccessBlockConfiguration'],
  /** Of a parameter. SSM says it of whatever has tags. */
  tags: ['InvalidResourceId'],
  /** EMR says it of every id that it does not know. */
  cluster: ['InvalidRequestException'],
  /** The SDK names it with the suffix, IAM without. */
  'role or policy': ['NoSuchEntity', 'NoSuchEntityException'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A resource that a call may find deleted. */
type Thing = keyof typeof CODES;

/** True if the error says that this resource does not exist. */
export function isGone(what: Thing, error: unknown): boolean {
  const codes: readonly string[] = CODES[what];
  return error instanceof Error && codes.includes(error.name);
}

/** The result of a call; undefined if the resource that it names does not exist. */
export async function unlessGone<T>(what: Thing, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isGone(what, error)) return undefined;
    throw error;
  }
}
