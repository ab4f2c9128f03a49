/** The parts of a CloudFormation template that are adapted. */
export interface Template {
  Resources: Resources;
  [section: string]: unknown;
}

/** The resources of a template, by logical id. */
export type Resources = Record<string, TemplateResource>;

/** One resource of a template. */
export interface TemplateResource {
  Type: string;
  Properties?: Record<string, unknown>;
  DependsOn?: string | string[];
  [attribute: string]: unknown;
}

/** One difference between the emulator and AWS, and the change in a template for it. */
export interface Adaptation {
  /** The resource type, or its prefix. */
  readonly type: string;
  /** The difference, as a sentence. */
  readonly because: string;
  /** The replacement of the resource. */
  readonly adapt: (id: string, properties: Record<string, unknown>) => Resources;
}

/** Every difference between the templates for AWS and those for the emulator. */
export const ADAPTATIONS: readonly Adaptation[] = [
  {
    type: 'AWS::Lambda::Function',
    because: 'There is no bucket with assets: the functions are hosted from the synthesised assets instead.',
    adapt: (id, properties) => ({
      [id]: {
        Type: 'AWS::Lambda::Function',
        Properties: { ...properties, Code: { ZipFile: 'Hosted by the local runtime.' } },
      },
    }),
  },
  {
    type: 'AWS::Lambda::EventSourceMapping',
    because:
      'An enabled mapping makes the emulator run the function in a container: the local runtime polls instead.',
    adapt: (id, properties) => ({
      [id]: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { ...properties, Enabled: false } },
    }),
  },
  {
    type: 'AWS::Scheduler::',
    because: 'The emulator ignores schedules: the local runtime fires them instead.',
    adapt: () => ({}),
  },
  {
    type: 'AWS::Events::Archive',
    because:
      'The emulator would keep each event in memory, by a rule of its own that matches all: nobody replays them here.',
    adapt: () => ({}),
  },
  {
    type: 'AWS::IAM::Role',
    because:
      "A role's own Policies are kept as Python text, which is no JSON: they become policies beside it.",
    adapt: (id, { Policies = [], ...properties }) => ({
      [id]: { Type: 'AWS::IAM::Role', Properties: properties },
      ...Object.fromEntries(
        (Policies as Record<string, unknown>[]).map((policy, at) => [
          `${id}Inline${at}`,
          { Type: 'AWS::IAM::Policy', Properties: { ...policy, Roles: [{ Ref: id }] } },
        ]),
      ),
    }),
  },
];

/** The template adapted for the emulator. Pure. */
export function adaptTemplate(template: Template): Template {
  const resources: Resources = {};
  for (const [id, original] of Object.entries(template.Resources)) {
    const adaptation = ADAPTATIONS.find(({ type }) => original.Type.startsWith(type));
    const adapted = adaptation?.adapt(id, original.Properties ?? {}) ?? { [id]: original };
    for (const [name, resource] of Object.entries(adapted)) {
      resources[name] = name === id ? { ...original, ...resource } : resource;
    }
  }
  for (const resource of Object.values(resources)) {
    if (resource.DependsOn === undefined) continue;
    resource.DependsOn = [resource.DependsOn].flat().filter((id) => id in resources);
  }
  return { ...template, Resources: resources };
}
