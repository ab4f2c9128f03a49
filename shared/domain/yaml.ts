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

/** A parsed YAML text: its plain value, and the lines of its parts. */
export interface YamlText {
  readonly value: unknown;
  /** 1-based line of a path; if the path does not exist, of its nearest parent. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** More than a baseline needs, and less than the 400 KB of a DynamoDB item. */
const MAX_CHARACTERS = 100_000;
/** One missing bracket can cause thousands of errors. */
const MAX_COMPLAINTS = 20;
/** Policies need about ten levels; code that walks the value recurses once per level. */
const MAX_LEVELS = 100;

/**
 * Parses one YAML 1.2 document. Never throws: errors (syntax, duplicate keys, unknown tags, aliases that multiply or contain
 * themselves, too many levels, numbers that would be written differently from the source) are returned as problems with lines.
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

/** Valid YAML that means something else than its author wrote, or that contains itself. */
function misread(document: Document.Parsed): Complaint[] {
  const found: Complaint[] = [];
  visit(document, {
    Node(_, node, ancestors) {
      const at = node.range?.[0] ?? 0;
      if (isAlias(node)) {
        const target = node.resolve(document);
        if (target && ancestors.includes(target))
          found.push({
            message: `the alias *${node.source} is inside of the node that it refers to, which is an endless loop`,
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
 * Whether a number or boolean is written as it would be written back. If text was meant, the value is converted to text later,
 * and `004752653756` or `1.0` would become a different text.
 */
function isWrittenBack({ value, source }: Scalar): boolean {
  const changes = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return !changes || source === undefined || source === String(value);
}

function asWritten({ value, source }: Scalar): string {
  const what = typeof value === 'boolean' ? 'the boolean' : 'the number';
  return `${source} is read as ${what} ${value}: put it in quotes if it is text, else write ${value}`;
}

/** The offset of the key or list item that the path leads to. */
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
