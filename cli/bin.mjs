#!/usr/bin/env node
// The command line, on the project's own Node.
import { fileURLToPath } from 'node:url';
import { onOwnNode } from './own-node.mjs';

onOwnNode([fileURLToPath(new URL('./main.mjs', import.meta.url)), ...process.argv.slice(2)]);
