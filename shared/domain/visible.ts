/**
 * What does not show by itself, and changes how the rest shows: controls (escapes that steer a terminal among them), marks
 * of direction, separators of lines, halves of characters. Joiners of letters and of emoji stay.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;

/**
 * The text with everything in it to be seen, as JSON escapes it (`\u001b`, `\u202e`); tabs and line breaks stay. In the
 * text of a JSON document it means the same. Pure.
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

/** A text as one word for a shell; what does not show by itself as its bytes, as bash and zsh read them. Pure. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (text.search(UNSEEN) < 0) return `'${text.replaceAll("'", "'\\''")}'`;
  const quoted = text.replaceAll(/[\\']/g, '\\$&').replaceAll(UNSEEN, bytesOf);
  return `$'${quoted}'`;
}

function bytesOf(unseen: string): string {
  return [...Buffer.from(unseen)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
