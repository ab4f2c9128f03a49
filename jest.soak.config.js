import { common } from './jest.config.js';

/** What takes minutes, or measures how long something takes: `npm run soak`. `npm test` leaves it out. */
export default {
  ...common,
  displayName: 'soak',
  testMatch: ['<rootDir>/test/soak/**/*.test.ts'],
  testTimeout: 60_000,
  // One at a time: what is measured must not wait for another test.
  maxWorkers: 1,
  globalSetup: '<rootDir>/test/kit/global-setup.ts',
};
