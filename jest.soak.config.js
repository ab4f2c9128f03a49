import { common } from './jest.config.js';

/** What takes minutes and is measured: `npm run soak`. `npm test` leaves it out. */
export default {
  ...common,
  displayName: 'soak',
  testMatch: ['<rootDir>/test/soak/**/*.test.ts'],
  globalSetup: '<rootDir>/test/kit/global-setup.ts',
};
