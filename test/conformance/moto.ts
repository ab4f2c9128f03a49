import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** Starts an emulator of this test file's own and points the SDK at it; resolves with what stops it. */
export async function startMoto(): Promise<() => Promise<void>> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const failed = new Promise<never>((_, reject) => {
    server.once('error', (error) => reject(new Error(`moto_server does not start: ${error.message}`)));
    server.once('exit', (code) => reject(new Error(`moto_server ended with ${code}`)));
  });
  failed.catch(() => undefined);
  await Promise.race([failed, answers(endpoint)]);
  process.env.AWS_ENDPOINT_URL = endpoint;
  return () => ended(server);
}

async function answers(endpoint: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const up = await fetch(`${endpoint}/moto-api/data.json`)
      .then((answer) => answer.ok)
      .catch(() => false);
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`moto_server does not answer at ${endpoint}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

function ended(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    server.removeAllListeners('exit').once('exit', () => resolve());
    server.kill('SIGTERM');
  });
}
