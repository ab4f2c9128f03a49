/**
 * A rendered value with certain texts taken back into parameters: each string in which one of them stands becomes a
 * `Ref` or an `Fn::Sub`, and what IAM itself fills in (`${aws:username}`) stays for IAM. Pure.
 * @param parameters texts by the name of the parameter that stands for them; an empty text stands for nothing
 */
export function parametrised<T>(value: T, parameters: Readonly<Record<string, string>>): T {
  const known = Object.entries(parameters).filter(([, text]) => text !== '');
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') return text(item);
    if (Array.isArray(item)) return item.map(walk);
    if (item === null || typeof item !== 'object') return item;
    return Object.fromEntries(Object.entries(item).map(([key, member]) => [key, walk(member)]));
  };
  const text = (item: string): unknown => {
    const whole = known.find(([, each]) => each === item);
    if (whole) return { Ref: whole[0] };
    if (!known.some(([, each]) => item.includes(each))) return item;
    const kept = item.replaceAll('${', '${!');
    return { 'Fn::Sub': known.reduce((left, [name, each]) => left.replaceAll(each, `\${${name}}`), kept) };
  };
  return walk(value) as T;
}
