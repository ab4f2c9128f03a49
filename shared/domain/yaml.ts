import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import type { Problem } from './errors.ts';

/** A YAML text that could be read: its plain value, and where in the text a part of it stands. */
export interface YamlText {
  readonly value: unknown;
  /** 1-based line of what a path leads to; where that is missing, of the nearest thing around it. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** More than any document of ours needs, and less than a DynamoDB item holds. */
const MAX_CHARACTERS = 100_000;
/** One forgotten bracket can be thousands of errors. */
const MAX_COMPLAINTS = 20;
/** Policies need about ten levels; whoever reads the value calls itself for each. */
const MAX_LEVELS = 100;

/**
 * Reads one YAML 1.2 document. Never throws: whatever is wrong with the text (syntax, keys given twice, unknown tags,
 * aliases that multiply or contain themselves, nesting without end, numbers that would not be written back as they
 * stand) comes back as problems with their lines.
 */
export function readYaml(text: string): YamlText | { problems: Problem[] } {
  if (text.length > MAX_CHARACTERS) {
    return problem(`the text has ${text.length} characters; ${MAX_CHARACTERS} are the limit`);
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
    });
    const errors = [...document.errors, ...document.warnings];
    const complaints =
      errors.length > 0 ? errors.map(({ message, pos }) => ({ message, at: pos[0] })) : misread(document);
    if (complaints.length > 0) {
      const problems = complaints
        .slice(0, MAX_COMPLAINTS)
        .map(({ message, at }) => ({ path: '', message, line: lines.linePos(at).line }));
      return { problems };
    }
    const value: unknown = document.toJS();
    if (isDeeper(value, MAX_LEVELS)) return problem(`is nested more than ${MAX_LEVELS} levels deep`);
    return { value, lineOf: (path) => lines.linePos(offsetOf(document, path)).line };
  } catch (error) {
    return problem(`cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function problem(message: string): { problems: Problem[] } {
  return { problems: [{ path: '', message }] };
}

interface Complaint {
  readonly message: string;
  /** Offset in the text. */
  readonly at: number;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

/** What is YAML, and yet means something else than its author wrote, or has no end. */
function misread(document: Document.Parsed): Complaint[] {
  const found: Complaint[] = [];
  visit(document, {
    Node(_, node, ancestors) {
      const at = node.range?.[0] ?? 0;
      if (isAlias(node)) {
        const target = node.resolve(document);
        if (target && ancestors.includes(target))
          found.push({
            message: `the alias *${node.source} stands inside of what it names: it has no end`,
            at,
          });
      }
      if (isScalar(node) && !isWrittenBack(node)) found.push({ message: asWritten(node), at });
      return undefined;
    },
  });
  return found;
}

/**
 * Whether a number, or true and false, is written as it would be written back. Where text is meant, it becomes text
 * again: `004752653756` and `1.0` would be another text than the author's.
 */
function isWrittenBack({ value, source }: Scalar): boolean {
  const changes = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return !changes || source === undefined || source === String(value);
}

function asWritten({ value, source }: Scalar): string {
  const what = typeof value === 'boolean' ? 'the truth value' : 'the number';
  return `${source} is read as ${what} ${value}: put it in quotes if it is text, else write ${value}`;
}

/** Where the key, or the item of a list, stands that the path ends with. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | undefined | null)?.range?.[0];
}
