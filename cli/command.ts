import { fileURLToPath } from 'node:url';
import { shellWord } from '../shared/domain/visible.ts';

/**
 * The command line as one word for a shell that works from any directory: in what is printed to be pasted. The package
 * has no name of ours in the registry, from which npx would run whatever somebody publishes under it.
 */
export const COMMAND = shellWord(fileURLToPath(new URL('./bin.mjs', import.meta.url)));
