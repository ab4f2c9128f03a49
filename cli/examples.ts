/** The text below a command's help that shows how to call it. The tests parse every line as they parse the command line. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n');
}
