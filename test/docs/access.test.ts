import { describe, expect, it } from '@jest/globals';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { blocksOf, page } from './pages.ts';

describe('docs/access.md', () => {
  it.each(blocksOf(page('docs/access.md'), 'yaml').map((block) => [block.heading, block.text] as const))(
    'shows a baseline that is valid: %s',
    (_, text) => {
      expect(parseBaseline(text, kinds)).toHaveProperty('baseline');
    },
  );
});
