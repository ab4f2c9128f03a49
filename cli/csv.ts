import { stringify } from 'csv-stringify/sync';
import { visible } from '../shared/domain/escape.ts';

/**
 * Rows as CSV (RFC 4180). No value is a formula for a spreadsheet, and invisible characters are escaped. Pure.
 */
export function csvText(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((value) => visible(value)));
  return stringify(cells, { escape_formulas: true });
}

/** Starts a CSV on stdout, as `csvText` writes it, that is printed one page at a time. */
export function startCsv(head: readonly string[]): (rows: readonly (readonly string[])[]) => void {
  const write = (rows: readonly (readonly string[])[]) => {
    process.stdout.write(csvText(rows));
  };
  write([head]);
  return write;
}
