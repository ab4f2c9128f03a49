/** A CloudFormation template, as far as adapting it needs. */
export interface Template {
  Resources: Record<string, Resource>;
  [section: string]: unknown;
}

/** One resource of a template. */
export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
  DependsOn?: string | string[];
  [attribute: string]: unknown;
}

/** One way in which the emulator differs from AWS, and what is changed in a template for it. */
export interface Adaptation {
  /** The difference, as a sentence. */
  readonly because: string;
  readonly adapt: (resource: Resource) => Resource | undefined;
}

/** Every difference between the templates that AWS gets and those that the emulator gets. */
export const ADAPTATIONS: readonly Adaptation[] = [
  {
    because: 'There is no bucket with assets: the functions are hosted from the synthesised assets instead.',
    adapt: ofType('AWS::Lambda::Function', (properties) => ({
      ...properties,
      Code: { ZipFile: 'Hosted by the local runtime.' },
    })),
  },
  {
    because:
      'An enabled mapping makes the emulator run the function in a container as messages arrive: the local runtime polls instead.',
    adapt: ofType('AWS::Lambda::EventSourceMapping', (properties) => ({ ...properties, Enabled: false })),
  },
  {
    because: 'Schedules are passed over and never fire: the local runtime ticks instead.',
    adapt: (resource) => (resource.Type.startsWith('AWS::Scheduler::') ? undefined : resource),
  },
  {
    because: 'An event that came from another bus carries the account of the bus that it reached.',
    adapt: ofType('AWS::Events::Rule', (properties) => ({
      ...properties,
      EventPattern: without(properties.EventPattern, 'account'),
    })),
  },
];

/** The template as the emulator can deploy it. Pure. */
export function adaptTemplate(template: Template): Template {
  const resources: Record<string, Resource> = {};
  for (const [id, original] of Object.entries(template.Resources)) {
    let resource: Resource | undefined = original;
    for (const { adapt } of ADAPTATIONS) resource = resource && adapt(resource);
    if (resource) resources[id] = resource;
  }
  for (const resource of Object.values(resources)) {
    if (resource.DependsOn === undefined) continue;
    resource.DependsOn = [resource.DependsOn].flat().filter((id) => id in resources);
  }
  return { ...template, Resources: resources };
}

function ofType(type: string, change: (properties: Record<string, unknown>) => Record<string, unknown>) {
  return (resource: Resource): Resource =>
    resource.Type === type ? { ...resource, Properties: change(resource.Properties ?? {}) } : resource;
}

function without(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}
