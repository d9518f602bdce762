/** One person has one name: what the directory says, whatever a payload calls them. */
import { expect, it } from 'vitest';
import { knownName } from '../../src/flow/known-name.ts';
import { memoryWorld } from '../support/memory-world.ts';

const ana = { id: 'U0ANA', name: 'ana' };

it('is the directory’s, in one line', async () => {
  const { deps, directory } = memoryWorld();
  directory.change('U0ANA', { name: ' Ana\n Torres\u202e ' });
  expect(await knownName(deps, ana)).toEqual({ id: 'U0ANA', name: 'Ana Torres' });
});

it('is the payload’s while the directory does not answer, or has none', async () => {
  const { deps, directory } = memoryWorld();
  directory.down.add('U0ANA');
  expect(await knownName(deps, ana)).toEqual(ana);
  directory.down.delete('U0ANA');
  directory.change('U0ANA', { name: '\u200b' });
  expect(await knownName(deps, ana)).toEqual(ana);
});
