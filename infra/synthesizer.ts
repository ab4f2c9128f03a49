import { BootstraplessSynthesizer, DefaultStackSynthesizer, type IStackSynthesizer } from 'aws-cdk-lib';

// CDK's own classes miss its interface by one `undefined` when optional properties are exact: hence the casts.

/** Main's account is bootstrapped; the CDK command line checks that itself, so the template need not. */
export function mainSynthesizer(): IStackSynthesizer {
  return new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;
}

/** The management account is not bootstrapped for us: its templates have no assets and stand alone. */
export function managementSynthesizer(): IStackSynthesizer {
  return new BootstraplessSynthesizer() as IStackSynthesizer;
}
