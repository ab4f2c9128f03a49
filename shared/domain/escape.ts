// A text from outside (a name, a tag, a reason, an error message) is data wherever it goes. One function for each place
// that would read it as something else: `visible` for a terminal and a log, `shellWord` for a shell, `inHtml` for a page, `subText` and
// `dynamicReferenceIn` for a CloudFormation template.

/**
 * Characters that are invisible or change how a terminal shows the rest: control characters (which start terminal escape
 * sequences), direction marks, line separators, lone surrogates. Joiners of letters and emoji are not included.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;

/**
 * The text with invisible characters escaped as in JSON (`\u001b`, `\u202e`); tabs and line breaks stay. A JSON document keeps
 * its meaning. Pure.
 */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (unseen) => (unseen === '\n' || unseen === '\t' ? unseen : escaped(unseen)));
}

function escaped(unseen: string): string {
  return Array.from({ length: unseen.length }, (_, at) => unit(unseen.charCodeAt(at))).join('');
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Text for one line, such as a cell of a table: without line breaks, and with terminal escape sequences escaped. */
export function cell(text: string): string {
  return visible(text.replaceAll(/\s*[\t\n\v\f\r]\s*/g, ' '));
}

/** A text quoted as one word for a shell; invisible characters as byte escapes, which bash and zsh understand. Pure. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (text.search(UNSEEN) < 0) return `'${text.replaceAll("'", "'\\''")}'`;
  const quoted = text.replaceAll(/[\\']/g, '\\$&').replaceAll(UNSEEN, bytesOf);
  return `$'${quoted}'`;
}

function bytesOf(unseen: string): string {
  return [...Buffer.from(unseen)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** A text in HTML, in an element or in an attribute with quotes: nothing in it is markup, and invisible characters are escaped. Pure. */
export function inHtml(text: string): string {
  return visible(text).replaceAll(/[&<>"'`]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

/** A text that `Fn::Sub` gives back as it is, `${…}` in it included. Pure. */
export function subText(text: string): string {
  return text.replaceAll('${', '${!');
}

/**
 * The path of the first text in a template that CloudFormation would take for a dynamic reference, and replace with what a
 * parameter or a secret of the account holds. It has no escape. Pure.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
 */
export function dynamicReferenceIn(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return /\{\{\s*resolve\s*:/i.test(value) ? path : undefined;
  if (value === null || typeof value !== 'object') return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = dynamicReferenceIn(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
