/** `1 run`, `2 runs`; `many` is the plural if it is not `one` with an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The first words of a list, and how many are left: `a, b and 3 more`. */
export function listed(words: readonly string[], most: number): string {
  const shown = words.slice(0, most).join(', ');
  return words.length > most ? `${shown} and ${words.length - most} more` : shown;
}

/** A time to the second: `2026-03-04 05:06:07Z`; a dash if there is none. */
export function time(iso: string | undefined): string {
  return iso ? iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z') : '–';
}
