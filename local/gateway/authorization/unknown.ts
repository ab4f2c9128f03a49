/** The gateway cannot work out what AWS decides before it answers a call: an error of the test run, never an allowance. */
export class UnknownAuthorization extends Error {}
