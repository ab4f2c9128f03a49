import { DefaultStackSynthesizer, type IStackSynthesizer, LegacyStackSynthesizer } from 'aws-cdk-lib';

// CDK's classes do not match their own interface under `exactOptionalPropertyTypes`: hence the casts.

/** For Main, which is bootstrapped. The CDK command line checks that, so the template has no rule for it. */
export function mainSynthesizer(): IStackSynthesizer {
  return new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;
}

/**
 * For the management account, which needs no bootstrap: its templates have no assets and are deployed with the caller's credentials.
 * (CDK's BootstraplessSynthesizer would still require the roles of a bootstrap.)
 */
export function managementSynthesizer(): IStackSynthesizer {
  return new LegacyStackSynthesizer() as IStackSynthesizer;
}
