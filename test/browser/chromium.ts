import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** Starts the Chromium of CHROMIUM or of PATH. @throws Error that says how to get one */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? onPath();
  if (executablePath === undefined)
    throw new Error(
      'These tests need Chromium: install it (`apt-get install chromium`), or set CHROMIUM to the path of one.',
    );
  // As root, as in a container, Chromium starts without its sandbox only; it opens nothing but our own file.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
