/**
 * Why AWS did not create an account, in words, with what to do.
 * https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html
 */
const REASONS: Readonly<Record<string, string>> = {
  ACCOUNT_LIMIT_EXCEEDED:
    'The organization has as many accounts as its quota allows; ask AWS Support for more.',
  CONCURRENT_ACCOUNT_MODIFICATION: 'Something else changed the organization at that moment; ask again.',
  EMAIL_ALREADY_EXISTS: 'Another AWS account has that email address; ask again with another one.',
  FAILED_BUSINESS_VALIDATION: 'The business verification of the organization failed; ask AWS Support.',
  GOVCLOUD_ACCOUNT_ALREADY_EXISTS:
    'A GovCloud account with that name exists already; ask again with another name.',
  INTERNAL_FAILURE: 'AWS failed on its own; ask again, and ask AWS Support if it goes on.',
  INVALID_ADDRESS: 'The address of the management account is not valid; correct it in its billing settings.',
  INVALID_EMAIL: 'That email address is not valid; ask again with a correct one.',
  INVALID_IDENTITY_FOR_BUSINESS_VALIDATION:
    'The identity given for business verification is not valid; ask AWS Support.',
  INVALID_PAYMENT_INSTRUMENT:
    'The payment method of the management account is not valid; correct it in its billing settings.',
  MISSING_BUSINESS_VALIDATION:
    'The organization has not been verified as a business; complete the verification.',
  MISSING_PAYMENT_INSTRUMENT:
    'The management account has no payment method; add one in its billing settings.',
  PENDING_BUSINESS_VALIDATION:
    'The business verification of the organization is under way; ask again when it is over.',
  UNKNOWN_BUSINESS_VALIDATION:
    'The business verification of the organization has an unknown state; ask AWS Support.',
  UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED:
    'The organization has a resource policy that does not allow tags at creation; ask again without tags.',
};

/** A failure reason of CreateAccount as a sentence with what to do. */
export function failureInWords(reason: string): string {
  return REASONS[reason] ?? `AWS gave the reason ${reason}; ask AWS Support what it stands for.`;
}
