import { InvalidArgumentError } from 'commander';

/** Parser of an option that is a positive integer. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError('It must be a positive integer.');
  }
  return number;
}

/** Parser of an option that says why, limited as in a request. */
export function reasonText(text: string): string {
  if (text.length > 0 && text.length <= 256) return text;
  throw new InvalidArgumentError('It must have 1 to 256 characters.');
}

/** Parser of an option that may be repeated: collects its values. */
export function several(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** Parser of an option `key=value` that may be repeated: collects the pairs; the value may contain `=`. */
export function pairs(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be key=value.');
  const key = text.slice(0, at);
  if (before && Object.hasOwn(before, key)) throw new InvalidArgumentError(`${key} is given twice.`);
  return { ...before, [key]: text.slice(at + 1) };
}

/** A day (UTC) or a time, in milliseconds. @throws InvalidArgumentError */
export function timeOf(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  // JavaScript takes the 30th of February for the 2nd of March.
  const isDay = !Number.isNaN(time) && (text.length > 10 || new Date(time).toISOString().startsWith(text));
  if (!isDay)
    throw new InvalidArgumentError(
      'It must be a day such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z.',
    );
  return time;
}

/** When a day (UTC) is over, or a time that is to come; an ISO time. @throws InvalidArgumentError */
export function endOf(text: string, now: Date): string {
  const isDay = text.length === 10;
  const end = timeOf(text) + (isDay ? 86_400_000 : 0);
  if (end <= now.getTime()) throw new InvalidArgumentError('It is over already.');
  return new Date(end).toISOString();
}

/** Parser of a day: `2027-01-31`. */
export function dayOf(text: string): string {
  if (text.length > 10) throw new InvalidArgumentError('It must be a day such as 2027-01-31.');
  return new Date(timeOf(text)).toISOString().slice(0, 10);
}
