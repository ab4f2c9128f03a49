import { z } from 'zod';
import type { Problem } from '../../../shared/domain/errors.ts';
import { interpolateDeep, type Lookup, unknownIn } from '../../../shared/domain/interpolate.ts';
import { check } from '../../../shared/domain/plain-words.ts';
import { zodProblems } from '../../../shared/domain/requests.ts';
import type { KindAccount } from '../kind.ts';
import { Tags } from '../tags.ts';

/** Bytes of a value. https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html */
const MOST_BYTES = { Standard: 4_096, Advanced: 8_192 } as const;

/** Letters, digits and `.-_`, in levels divided by `/`; a name with levels starts with `/`. */
const Name = z
  .string()
  .max(1_011, 'the name of a parameter has at most 1,011 characters with its ARN')
  .regex(
    /^([\w.-]+|(\/[\w.-]+)+)$/,
    'a name is letters, digits and .-_ in levels divided by /, starting with /',
  )
  .refine((name) => !/^\/?(aws|ssm)/i.test(name), 'a name cannot start with aws or ssm')
  .refine((name) => name.split('/').length <= 16, 'a name has at most 15 levels');

const Type = z.enum(['String', 'StringList'], {
  error: ({ input }) =>
    input === 'SecureString'
      ? 'SecureString values are not managed yet: a baseline is no place for secrets'
      : 'a type is String or StringList',
});

const Parameter = z
  .strictObject({
    name: Name,
    /** Text; may hold `${…}`. */
    value: z
      .string({ error: 'a value is text: put a number between quotes' })
      .min(1, 'a value is not empty')
      .refine((value) => !/\{\{.*\}\}/s.test(value), 'SSM refuses {{…}} in a value'),
    type: Type.default('String'),
    tier: z.enum(['Standard', 'Advanced']).default('Standard'),
    description: z.string().max(1_024).default(''),
    /** Tags that others add stay. */
    tags: Tags.default({}),
  })
  .superRefine(({ value, tier }, context) => {
    const bytes = Buffer.byteLength(value);
    if (bytes <= MOST_BYTES[tier]) return;
    const message = `a ${tier} parameter holds ${MOST_BYTES[tier]} bytes, and this is ${bytes}`;
    context.addIssue({ code: 'custom', path: ['value'], message });
  });

/** `parameters:` of a baseline. */
export const ParametersSection = z.array(Parameter).superRefine((parameters, context) => {
  const seen = new Set<string>();
  for (const [index, { name }] of parameters.entries()) {
    if (seen.has(name))
      context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is listed twice' });
    seen.add(name);
  }
});
export type ParametersSection = z.infer<typeof ParametersSection>;
/** A parameter of the section, with its defaults. */
export type Parameter = ParametersSection[number];

/** How many outputs the section has in an account: see Kind. */
export const sizing = {
  name: 'parameters',
  scope: 'regional',
  outputNames: () => [],
  unnamedOutputs: ({ length }: ParametersSection) => length,
} as const;

/** Path of the section in a baseline. */
const ROOT = 'parameters';

/** The parameters that an account should have. */
export interface Parameters {
  readonly owner: string;
  readonly parameters: readonly WantedParameter[];
}

/** A parameter that the account should have, its `${…}` filled in as far as they are known. */
export interface WantedParameter extends Parameter {
  /** Names of `${…}` that are not known yet: the parameter is not written before. */
  readonly waitsFor: readonly string[];
  /** What SSM would refuse with this account's values. This parameter is not written; the others are. */
  readonly problems: readonly Problem[];
}

/** See Kind. A value that SSM would refuse is a problem of its parameter, with a path like `parameters[2].value`. */
export function render(section: ParametersSection, lookup: Lookup, account: KindAccount): Parameters {
  const filled = interpolateDeep(section, lookup);
  const { error } = check(ParametersSection, filled);
  const problems = error ? zodProblems(error, ROOT) : [];
  const parameters = filled.map((parameter, index) => ({
    ...parameter,
    waitsFor: unknownNames(section[index] ?? parameter, lookup),
    problems: problems.filter(({ path }) => path.startsWith(`${ROOT}[${index}]`)),
  }));
  return { owner: account.owner, parameters };
}

/** The names in a parameter of the section that are not known. */
function unknownNames({ value, description, tags }: Parameter, lookup: Lookup): string[] {
  const texts = [value, description, ...Object.values(tags)];
  return [...new Set(texts.flatMap((text) => unknownIn(text, lookup)))];
}
