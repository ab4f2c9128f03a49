import { jest } from '@jest/globals';
import type { Claims } from '../../shared/domain/cause.ts';
import { aConfig } from './factories.ts';
import type { FakeMain } from './fake-main.ts';

/** The id of every event that the command line puts. */
export const EVENT = 'c0a80000-0000-4000-8000-00000000000e';

/**
 * Makes commands that are imported afterwards work with this Main in memory, with the configuration of `aConfig`. `main` may return
 * another Main for each test.
 */
export async function useMainInMemory(main: () => FakeMain): Promise<void> {
  const config = aConfig();
  const ana = `arn:aws:iam::${config.mainAccountId}:user/ana`;
  jest.unstable_mockModule('../../cli/client.ts', () => ({
    connect: async () => ({ config, table: main().main.table }),
  }));
  jest.unstable_mockModule('../../cli/api-role.ts', () => ({
    assumeApiRole: async () => ({ credentials: {} }),
  }));
  jest.unstable_mockModule('../../cli/caller.ts', () => ({
    callerArn: async () => ana,
    callerClaims: async (reason?: string): Promise<Claims> => ({
      requestedBy: ana,
      ...(reason !== undefined && { reason }),
    }),
  }));
  const tables = await import('../../shared/aws/table-client.ts');
  jest.unstable_mockModule('../../shared/aws/table-client.ts', () => ({
    ...tables,
    tableClient: () => main().main.table,
  }));
  const bus = await import('../../shared/aws/bus.ts');
  jest.unstable_mockModule('../../shared/aws/bus.ts', () => ({
    ...bus,
    busClient: () => main().main.bus,
    putEvents: async () => [EVENT],
  }));
}
