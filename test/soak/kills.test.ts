import { describe, expect, it } from '@jest/globals';
import { holds, onboard, scene, useScenes } from './faulty-scene.ts';

const EVERY_20_S = 20_000;

useScenes();

describe('With calls and events that fail at a rate, and a function killed every 20 s', () => {
  it('every account is ready in the end, nothing is doubled, and none has two writers at once', async () => {
    const faulty = await scene();
    const functions = ['reconcile', 'intake', 'reconcile', 'sweep'].map((name) => `orgkeeper-${name}`);
    let killed = 0;
    let turn = 0;
    const timer = setInterval(async () => {
      killed += await faulty.at.kill(functions[turn++ % functions.length] ?? '');
    }, EVERY_20_S);
    const { ids, seconds } = await onboard(faulty).finally(() => clearInterval(timer));
    process.stdout.write(`${killed} environments were killed.\n`);
    expect(killed).toBeGreaterThan(0);
    await holds('Kills', faulty, ids, seconds);
  }, 3_600_000);
});
