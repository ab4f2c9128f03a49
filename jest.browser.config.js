import { common } from './jest.config.js';

/**
 * What needs a Chromium, which `npm test` does not ask for: `npm run test:browser`. It takes the one on PATH, or that of the
 * environment variable CHROMIUM.
 */
export default {
  ...common,
  displayName: 'browser',
  testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
  testTimeout: 60_000,
};
