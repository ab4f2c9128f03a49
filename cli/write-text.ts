import { writeFile } from 'node:fs/promises';
import { Failure } from './failure.ts';

/** Writes a text into a file, replacing what it held. @throws Failure if the file cannot be written */
export async function writeText(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      `Cannot write ${file}: ${error.code === 'ENOENT' ? 'there is no such folder' : error.message}.`,
    );
  });
}
