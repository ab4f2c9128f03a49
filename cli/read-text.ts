import { createReadStream } from 'node:fs';
import { Failure } from './failure.ts';

/**
 * The text of a file, or of stdin for `-`, without a byte order mark.
 * @throws Failure if it cannot be read, is not UTF-8 text, or is larger than `mostBytes`
 */
export async function readText(file: string, mostBytes = 1_000_000): Promise<string> {
  const name = file === '-' ? 'The standard input' : file.trim() || 'A file without a name';
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
      if (size > mostBytes) throw new Failure(`${name} is larger than ${mostBytes / 1_000_000} MB.`);
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    // UTF-16 without a byte order mark has a zero byte beside each letter.
    if (text.includes('\0')) throw new Failure(`${name} cannot be read: ${NOT_UTF8}.`);
    return text;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${name} cannot be read: ${whyUnread(error)}.`, { cause: error });
  }
}

const NOT_UTF8 = 'it is not UTF-8 text; save it as UTF-8 (in PowerShell: Set-Content -Encoding utf8)';

function whyUnread(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'EACCES') return 'you do not have permission to read it';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return NOT_UTF8;
  return String(message);
}
