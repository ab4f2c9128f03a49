import type { BusRequest } from './events.ts';
import type { AssumeRequest } from './sts.ts';
import type { Upstream } from './upstream.ts';
export async function roleAdmits(_upstream: Upstream, request: AssumeRequest): Promise<boolean> {
  return request.role.trust.length > 0;
}
export async function busAdmits(_upstream: Upstream, _request: BusRequest): Promise<boolean> {
  return true;
}
