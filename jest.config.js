/** One suite a concern; each test file that needs an emulator starts its own. */
export const common = {
  setupFiles: ['<rootDir>/test/kit/no-terminal.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/cdk.out/', '<rootDir>/.orgkeeper/'],
};

export default {
  // What a test may take at most where other things keep the machine busy; none is meant to need it.
  testTimeout: 60_000,
  // Most of a journey is waiting for the emulator: three at a time, however few the cores.
  maxWorkers: 3,
  // What the modules of a test file take, jest does not give back: a worker that holds so much makes way for a new one.
  workerIdleMemoryLimit: '1GB',
  globalSetup: '<rootDir>/test/kit/global-setup.ts',
  globalTeardown: '<rootDir>/test/kit/global-teardown.ts',
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        '/test/infra/',
        '/test/conformance/',
        '/test/journey/',
        '/test/soak/',
        '/test/browser/',
      ],
    },
    { ...common, displayName: 'infra', testMatch: ['<rootDir>/test/infra/**/*.test.ts'] },
    { ...common, displayName: 'conformance', testMatch: ['<rootDir>/test/conformance/**/*.test.ts'] },
    { ...common, displayName: 'journey', testMatch: ['<rootDir>/test/journey/**/*.test.ts'] },
  ],
};
