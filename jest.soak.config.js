import { common } from './jest.config.js';

/**
 * What takes minutes, or measures how long something takes: `npm run soak`. `npm test` leaves it out. What compares two times
 * runs alone, after the others.
 */
export default {
  ...common,
  displayName: 'soak',
  testMatch: ['<rootDir>/test/soak/**/*.test.ts'],
  testTimeout: 60_000,
  // Most of it is waiting, as in a journey.
  maxWorkers: 2,
  globalSetup: '<rootDir>/test/kit/global-setup.ts',
  globalTeardown: '<rootDir>/test/kit/global-teardown.ts',
};
