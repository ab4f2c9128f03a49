/** The gateway cannot tell what AWS would check for a call. An error of the test run; the call is never allowed. */
export class UnknownAuthorization extends Error {}
