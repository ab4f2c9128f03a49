import { DefaultStackSynthesizer, type IStackSynthesizer, LegacyStackSynthesizer } from 'aws-cdk-lib';

// CDK's classes miss their own interface by one `undefined` when optional properties are exact: hence the casts.

/** Main's account is bootstrapped; the CDK command line checks that itself, so the template need not. */
export function mainSynthesizer(): IStackSynthesizer {
  return new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;
}

/**
 * The management account need not be bootstrapped: its templates have no assets, and whoever deploys does so with
 * their own credentials. (CDK's BootstraplessSynthesizer would still ask for the roles of a bootstrap.)
 */
export function managementSynthesizer(): IStackSynthesizer {
  return new LegacyStackSynthesizer() as IStackSynthesizer;
}
