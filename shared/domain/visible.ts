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
