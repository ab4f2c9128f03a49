/** An error as the SDK makes it of an answer of AWS. */
export interface AwsFailure extends Error {
  readonly $fault: 'client' | 'server';
  readonly $metadata: { readonly httpStatusCode: number };
}

/** The error of that name, with which AWS answers a call. */
export function failure(name: string, httpStatusCode: number, message = `AWS says ${name}`): AwsFailure {
  const $fault = httpStatusCode < 500 ? 'client' : 'server';
  return Object.assign(new Error(message), { name, $fault, $metadata: { httpStatusCode } } as const);
}
