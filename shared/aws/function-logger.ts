import { Logger } from '@aws-lambda-powertools/logger';
import { visible } from '../domain/escape.ts';

/** The logger of a function. Nothing in a line can steer the terminal of whoever reads the log, not even once it is parsed. */
export function functionLogger(serviceName: string): Logger {
  return new Logger({
    serviceName,
    jsonReplacerFn: (_, value) => (typeof value === 'string' ? visible(value) : value),
  });
}

/** What was thrown, as an error that can be logged. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
