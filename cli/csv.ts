import { stringify } from 'csv-stringify/sync';
import { visible } from '../shared/domain/escape.ts';

/**
 * Starts a CSV on stdout (RFC 4180) that is printed one page at a time. No value is a formula for a spreadsheet, and invisible
 * characters are escaped.
 */
export function startCsv(head: readonly string[]): (rows: readonly (readonly string[])[]) => void {
  const write = (rows: readonly (readonly string[])[]) => {
    const cells = rows.map((row) => row.map((value) => visible(value)));
    process.stdout.write(stringify(cells, { escape_formulas: true }));
  };
  write([head]);
  return write;
}
