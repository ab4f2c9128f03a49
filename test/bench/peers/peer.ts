import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A product that somebody would run instead of Orgkeeper. It is never installed by this project. */
export interface Peer {
  readonly name: string;
  /** Commands that must be on PATH. */
  readonly commands: readonly string[];
  /** How a user installs them. */
  readonly install: string;
  /** The command that prints its version. */
  readonly version: readonly string[];
  /** Deploys what its jobs need. @returns the jobs that come nearest to a sweep */
  prepare(fleet: PeerFleet): Promise<readonly Job[]>;
}

/** The fleet that a peer works on, as the administrator of the management account. */
export interface PeerFleet {
  readonly accounts: readonly string[];
  readonly main: string;
  readonly region: string;
  /** A folder for its files, in which its commands run. */
  readonly folder: string;
  /** Endpoint and credentials for its commands. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is measured. */
export interface Job {
  readonly name: string;
  /** What it does to the accounts, in one line. */
  readonly does: string;
  /** Whether it calls into each account. */
  readonly enters: boolean;
  /** The addresses of the VPC that it keeps or watches in each account. */
  readonly cidr: string;
  run(): Promise<void>;
  /** Whether its last run has named that VPC of the account as not being as it should. */
  names?(accountId: string): boolean;
}

/** Whether a command is on PATH. */
export function isOnPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a command. @returns what it printed @throws with that if it fails, or takes more than twenty minutes */
export function runCommand(
  [command = '', ...args]: readonly string[],
  { folder, environment }: Pick<PeerFleet, 'folder' | 'environment'>,
): Promise<string> {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 1_200_000,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${printed}`));
    });
  });
}
