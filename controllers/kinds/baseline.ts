import { z } from 'zod';
import { BaselineName } from '../../shared/domain/account.ts';
import { inOrder, issuesOf, type PathProblem, splitPath } from '../../shared/domain/document-problems.ts';
import { InvalidDesiredState, type Problem } from '../../shared/domain/errors.ts';
import {
  ExportedValue,
  ExportName,
  exportOf,
  importNameOf,
  importsIn,
  MOST_NAMES,
  NAMES_TO_EXPORT,
} from '../../shared/domain/imports.ts';
import { type Lookup, namesIn } from '../../shared/domain/interpolate.ts';
import { check } from '../../shared/domain/plain-words.ts';
import { isRegionName, outsideOf, partitionOf, Regions } from '../../shared/domain/region.ts';
import { formatPath } from '../../shared/domain/requests.ts';
import { splitOutputKey } from '../../shared/domain/unit.ts';
import { readYaml } from '../../shared/domain/yaml.ts';
import { circleOf, type KeptSection, textsIn } from './graph.ts';
import type { AnyKind, KindAccount } from './kind.ts';
import { sizeProblem } from './size.ts';

/** A checked baseline. Its sections are as written in the text: each run parses them again. */
export interface BaselineDraft {
  readonly name: string;
  readonly description: string;
  readonly regions?: readonly string[];
  readonly enableRegions?: true;
  readonly exports?: Readonly<Record<string, string>>;
  readonly sections: Readonly<Record<string, unknown>>;
}

/** The settings of the deployment that a baseline is checked against. */
export interface DeploymentLimits extends Pick<KindAccount, 'executionRolePattern' | 'rolePolicyQuotas'> {
  readonly partition?: string;
}

/** The `${…}` names that every account has, with the sample values for checking a baseline. */
const SAMPLES: Readonly<Record<string, string>> = {
  'account.id': '111122223333',
  'account.name': 'sample',
  'account.email': 'sample@example.com',
  'account.externalId': 'abcdefghijklmnopqrstuvwxyz012345',
  'main.id': '444455556666',
  'main.runnerRole': 'arn:aws:iam::444455556666:role/orgkeeper-WorkflowLoopRunnerRole',
  'main.apiRole': 'arn:aws:iam::444455556666:role/orgkeeper-ApiHandlerRole',
  'management.id': '777788889999',
  'organization.id': 'o-abcdefghij',
  partition: 'aws',
  region: 'eu-west-1',
};
const SAMPLE_ACCOUNT: KindAccount = {
  accountId: '111122223333',
  partition: 'aws',
  region: 'eu-west-1',
  owner: '444455556666',
};
const VALUE_NAME = /^values\.[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** What a baseline has beside its sections. */
export const BaselineHead = z.object({
  name: BaselineName,
  description: z.string().max(1024).default(''),
  /** The regions in which accounts are managed; the first is the home region. */
  regions: Regions.optional(),
  /** True: a run enables these regions in accounts where they are not enabled. */
  enableRegions: z.boolean().optional(),
  /** What accounts export to others, by name: a text with `${…}` names. */
  exports: z
    .record(ExportName, z.string())
    .refine((exports) => Object.keys(exports).length <= MOST_NAMES, `at most ${MOST_NAMES} exports`)
    .optional(),
});
const HEAD_KEYS = Object.keys(BaselineHead.shape);

/**
 * Reads and checks a baseline: YAML with `name`, `description`, `regions`, `enableRegions`, `exports` and a section for each kind by
 * the kind's name. Returns every problem with its path (`parameters[2].value`) and line; does not throw for bad input. Every `${…}` name
 * must be known: a name that every account has, `values.*`, an output of another kind, or an import (`imports.*`), which stands for
 * a list and is an element of its own of one. Kinds must not need each other's outputs in
 * a circle. A baseline without problems has been rendered once with sample values.
 * @param deployment settings of the deployment that will apply the baseline; not checked if absent
 */
export function parseBaseline(
  text: string,
  kinds: readonly AnyKind[],
  deployment: DeploymentLimits = {},
): { baseline: BaselineDraft } | { problems: Problem[] } {
  const yaml = readYaml(text);
  if ('problems' in yaml) return yaml;
  if (yaml.value === null || typeof yaml.value !== 'object' || Array.isArray(yaml.value)) {
    return { problems: [{ path: '', message: 'a baseline is a mapping with a name and sections', line: 1 }] };
  }
  const given = yaml.value as Record<string, unknown>;
  const { partition, ...limits } = deployment;
  const head = check(BaselineHead, given);
  const regions = check(BaselineHead.shape.regions, given.regions).data;
  const present = kinds.filter(({ name }) => Object.hasOwn(given, name));
  const account = {
    ...SAMPLE_ACCOUNT,
    ...limits,
    partition: partition ?? partitionOf(regions?.[0] ?? '') ?? 'aws',
  };
  const sample = sampleOf(present, given, { account, regions });
  const found: PathProblem[] = [
    ...issuesOf(head.error, []),
    ...strangeRegions(regions ?? [], partition),
    ...unknownKeys(given, kinds),
    ...present.flatMap((kind) => checkSection(kind, given[kind.name], sample)),
    ...circleProblems(sample.kept),
    ...sizeProblems(sample),
    ...exportProblems(given.exports, sample),
    ...importProblems(present, given),
  ];
  if (found.length > 0 || !head.success) return { problems: inOrder(found, yaml) };
  const { regions: _, enableRegions, exports, ...named } = head.data;
  const sections = Object.fromEntries(present.map(({ name }) => [name, given[name]]));
  return {
    baseline: {
      ...named,
      ...(regions && { regions }),
      ...(enableRegions && { enableRegions }),
      ...(exports && Object.keys(exports).length > 0 && { exports }),
      sections,
    },
  };
}

/** What the sections are checked with. */
interface Sample {
  readonly account: KindAccount;
  /** The baseline's regions; absent if the deployment or the registration chooses them. */
  readonly regions: readonly string[] | undefined;
  /** The sections that are valid by their schema. */
  readonly kept: readonly KeptSection[];
  /** False if a section is not valid by its schema: its outputs are unknown. */
  readonly complete: boolean;
}

function sampleOf(
  present: readonly AnyKind[],
  given: Readonly<Record<string, unknown>>,
  { account, regions }: Pick<Sample, 'account' | 'regions'>,
): Sample {
  const kept = present.flatMap((kind): KeptSection[] => {
    const { data, success } = check(kind.section, given[kind.name]);
    return success ? [{ kind, section: data }] : [];
  });
  const region = regions?.[0] ?? account.region;
  return { account: { ...account, region }, regions, kept, complete: kept.length === present.length };
}

function checkSection(kind: AnyKind, given: unknown, sample: Sample): PathProblem[] {
  const names = unknownNames(kind, given, sample);
  const parsed = check(kind.section, given);
  if (!parsed.success) return [...names, ...issuesOf(parsed.error, [kind.name])];
  const rendering = names.length > 0 ? [] : renderProblems(kind, parsed.data, given, sample);
  return [...names, ...rendering, ...oneRegionProblems(kind, parsed.data, sample)];
}

/** Problems with what only one region has, in a baseline that lists several regions. */
function oneRegionProblems(kind: AnyKind, section: unknown, { regions = [] }: Sample): PathProblem[] {
  if (regions.length < 2) return [];
  const found = kind.ofOneRegion?.(section) ?? [];
  return found.map(({ path, message }) => ({ path: [kind.name, ...path], message }));
}

/** Regions that are not in the deployment's partition; if no deployment is known, not in the partition of the first region. */
function strangeRegions(regions: readonly string[], partition: string | undefined): PathProblem[] {
  const own = partition ?? partitionOf(regions[0] ?? '');
  if (own === undefined) return [];
  return outsideOf(own, regions).map((region) => ({
    path: ['regions', regions.indexOf(region)],
    message: `${region} is not in the partition ${own}, where the accounts are`,
  }));
}

function unknownKeys(given: Record<string, unknown>, kinds: readonly AnyKind[]): PathProblem[] {
  const sections = kinds.map(({ name }) => name);
  const unknown = Object.keys(given).filter((key) => ![...HEAD_KEYS, ...sections].includes(key));
  const found = unknown.map((key) => ({
    path: [key],
    message: `unknown key; the sections are ${sections.join(', ')}`,
  }));
  if (sections.some((name) => Object.hasOwn(given, name)) || found.length > 0) return found;
  return [{ path: [], message: `a baseline has at least one section of ${sections.join(', ')}` }];
}

/** Sections that need each other's outputs in a circle: none of them could ever be written. */
function circleProblems(kept: readonly KeptSection[]): PathProblem[] {
  const circle = circleOf(kept);
  if (!circle) return [];
  const { kinds, path } = circle;
  const message =
    kinds.length > 2
      ? `the sections wait for each other: ${kinds.join(' → ')}`
      : `${kinds[0]} cannot use an output of its own`;
  return [{ path, message }];
}

/** More outputs than the status of an account can name. Without regions of the baseline, as if it had one: a run counts those of its account. */
function sizeProblems({ kept, regions = [SAMPLE_ACCOUNT.region] }: Sample): PathProblem[] {
  const found = sizeProblem(kept, regions.length);
  return found ? [{ path: [found.kind], message: found.message }] : [];
}

/** Exports that name nothing of the account, or what a request chooses, or more than one thing. */
function exportProblems(given: unknown, sample: Sample): PathProblem[] {
  if (given === null || typeof given !== 'object') return [];
  return textsIn(given, ['exports']).flatMap(({ path, text }): PathProblem[] => {
    const names = namesIn(text);
    const strange = names.filter((name) => !mayExport(name, sample));
    const rest = names.reduce((left, name) => left.replace(`\${${name}}`, ''), text);
    if (strange.length > 0) return strange.map((name) => ({ path, message: explainExport(name, sample) }));
    if (names.length === 0) return [{ path, message: 'an export names something of its account, as `${…}`' }];
    if (rest.includes('${')) return [{ path, message: 'a `${` without a name and a `}`' }];
    if (rest !== '' && !ExportedValue.safeParse(rest).success)
      return [{ path, message: 'an exported value is an ARN, an id or a name, without wildcards' }];
    return [];
  });
}

function mayExport(name: string, sample: Sample): boolean {
  if (NAMES_TO_EXPORT.includes(name)) return true;
  const isOfAccount =
    Object.hasOwn(SAMPLES, name) || name.startsWith('values.') || exportOf(name) !== undefined;
  return !isOfAccount && isKnown(name, sample);
}

function explainExport(name: string, sample: Sample): string {
  const known = [...NAMES_TO_EXPORT, ...outputsIn(sample)].join(', ');
  return `\${${name}} cannot be exported; what can be is ${known}`;
}

/** Imports with a name that none can have, imports that are no element of a list, and more imports than an account may have. */
function importProblems(
  present: readonly AnyKind[],
  given: Readonly<Record<string, unknown>>,
): PathProblem[] {
  const texts = present.flatMap(({ name }) => textsIn(given[name], [name]));
  const found = texts.flatMap(({ path, text }) =>
    namesIn(text).flatMap((name): PathProblem[] => {
      const imported = exportOf(name);
      if (imported === undefined) return [];
      const form = ExportName.safeParse(imported).error?.issues[0]?.message;
      if (form !== undefined) return [{ path, message: `\${${name}}: ${form}` }];
      if (importNameOf(text) !== undefined && typeof path.at(-1) === 'number') return [];
      return [
        { path, message: `\${${name}} stands for a list: write it as an element of its own of a list` },
      ];
    }),
  );
  if (importsIn(present.map(({ name }) => given[name])).length <= MOST_NAMES) return found;
  return [...found, { path: [], message: `a baseline imports at most ${MOST_NAMES} names` }];
}

/** Every unknown `${…}` in a section, and every `${` that is not closed. */
function unknownNames(kind: AnyKind, section: unknown, sample: Sample): PathProblem[] {
  const { namesForAws: forAws } = kind;
  return textsIn(section, [kind.name]).flatMap(({ path, text }) => {
    const unknown = namesIn(text).filter((name) => !isKnown(name, sample) && !forAws?.test(name));
    const found = unknown.map((name) => ({ path, message: explainName(name, kind, sample) }));
    const written = forAws?.test('$') ? text.replaceAll('${$}', '') : text;
    const closed = namesIn(written).reduce((rest, name) => rest.replace(`\${${name}}`, ''), written);
    return closed.includes('${') ? [...found, { path, message: 'a `${` without a name and a `}`' }] : found;
  });
}

function isKnown(name: string, sample: Sample): boolean {
  if (Object.hasOwn(SAMPLES, name) || VALUE_NAME.test(name) || exportOf(name) !== undefined) return true;
  const elsewhere = splitOutputKey(name);
  if (elsewhere && !mayHave(elsewhere.region, sample)) return false;
  if (outputsIn(sample, elsewhere && 'regional').includes(elsewhere?.name ?? name)) return true;
  return !sample.complete && /^[a-z][\w-]*(\.[\w-]+)+$/i.test(name);
}

/** True if an account may be managed in this region. If the baseline lists no regions, a registration may list any. */
function mayHave(region: string, { regions }: Sample): boolean {
  return regions ? regions.includes(region) : isRegionName(region);
}

/** The outputs of the sections: of all kinds, or of kinds with this scope. */
function outputsIn({ kept }: Sample, scope?: 'regional', but?: AnyKind): string[] {
  return kept
    .filter(({ kind }) => kind !== but && (scope === undefined || kind.scope === scope))
    .flatMap(({ kind, section }) => [...kind.outputNames(section)]);
}

function explainName(name: string, kind: AnyKind, sample: Sample): string {
  const elsewhere = splitOutputKey(name);
  if (elsewhere && !mayHave(elsewhere.region, sample)) {
    const known = sample.regions ? `; the regions of the baseline are ${sample.regions.join(', ')}` : '';
    return `unknown name \${${name}}: no account is managed in ${elsewhere.region}${known}`;
  }
  const outputs = elsewhere
    ? outputsIn(sample, 'regional', kind).map((one) => `regions.${elsewhere.region}.${one}`)
    : [...Object.keys(SAMPLES), 'values.*', 'imports.*', ...outputsIn(sample, undefined, kind)];
  return `unknown name \${${name}}; known here are ${outputs.join(', ')}`;
}

/**
 * The problems when the section is rendered for a sample account. Values of the account (`values.*`) and imports have no sample, so
 * problems with a text that contains one are ignored.
 */
function renderProblems(kind: AnyKind, section: unknown, given: unknown, sample: Sample): PathProblem[] {
  const { partition, region } = sample.account;
  const samples: Readonly<Record<string, string>> = { ...SAMPLES, partition, region };
  const sampleFor = (name: string) => {
    if (Object.hasOwn(samples, name)) return samples[name];
    const plain = splitOutputKey(name)?.name ?? name;
    return outputsIn(sample).includes(plain) ? sampleOutput(plain) : undefined;
  };
  const lookup: Lookup = (name) => sampleFor(name)?.replace(/^arn:aws:/, `arn:${partition}:`);
  const found = problemsOf(() => {
    const wanted = kind.render(section, lookup, sample.account);
    return kind.parts?.problems(wanted) ?? [];
  });
  return found
    .map(({ path, message }) => ({
      path: splitPath(path.startsWith(kind.name) ? path : formatPath(kind.name, splitPath(path))),
      message,
    }))
    .filter(({ path }) => !hasNoSample(path.slice(1).reduce(child, given)));
}

/** The problems that are returned or thrown as InvalidDesiredState; an error without a list of problems counts as one. */
function problemsOf(find: () => readonly Problem[]): readonly Problem[] {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof InvalidDesiredState)) throw error;
    return error.problems.length > 0 ? error.problems : [{ path: '', message: error.message }];
  }
}

function sampleOutput(name: string): string {
  if (name.endsWith('.arn')) return 'arn:aws:iam::111122223333:role/sample';
  if (name.endsWith('.cidr')) return '10.0.0.0/16';
  return `${name.split('.')[0]}-0123456789abcdef0`;
}

function hasNoSample(value: unknown): boolean {
  return /\$\{(values|imports)\./.test(JSON.stringify(value ?? null));
}

function child(value: unknown, part: PropertyKey): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<PropertyKey, unknown>)[part] : value;
}
