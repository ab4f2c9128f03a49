import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
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

/**
 * Reads one YAML 1.2 document. Never throws: whatever is wrong with the text (syntax, keys given twice, unknown tags,
 * aliases that multiply, nesting without end) comes back as problems with their lines.
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
    const complaints = [...document.errors, ...document.warnings].slice(0, MAX_COMPLAINTS);
    if (complaints.length > 0) {
      const problems = complaints.map(({ message, pos }) => ({
        path: '',
        message,
        line: lines.linePos(pos[0]).line,
      }));
      return { problems };
    }
    const value: unknown = document.toJS();
    return { value, lineOf: (path) => lines.linePos(offsetOf(document, path)).line };
  } catch (error) {
    return problem(`cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function problem(message: string): { problems: Problem[] } {
  return { problems: [{ path: '', message }] };
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
