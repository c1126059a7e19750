// The stories' model: its size, what it scores on stories it has not read, and those that it writes,
// with the options as usual, one a seed.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formOf, KnownText, summarize, writeStories } from '../../bench/lib/stories.mjs';
import { BitLlama, evaluateText } from '../../dist/index.mjs';

const SHIPPED = fileURLToPath(new URL('../../models/stories.bitt', import.meta.url));

const HELD_OUT = fileURLToPath(
  new URL('../../../shared/data/tinystories-valid.txt', import.meta.url),
);

describe("the stories' model", () => {
  it('has at most 5 million parameters and 3 MB', async () => {
    const model = await BitLlama.load(SHIPPED);
    assert.ok(model.parameters > 1e6 && model.parameters <= 5e6, `${model.parameters}`);
    model.destroy();
    assert.ok(statSync(SHIPPED).size <= 3e6);
  });

  it('foretells stories it has not read as its card says', async function () {
    if (!existsSync(HELD_OUT)) this.skip(); // the text is not part of the repository
    const model = await BitLlama.load(SHIPPED);
    const text = readFileSync(HELD_OUT, 'utf8');
    const alone = await evaluateText(model, text, { recall: false });
    const { bitsPerByte } = await evaluateText(model, text);
    model.destroy();
    assert.equal(alone.bitsPerByte.toFixed(3), '0.700');
    assert.equal(bitsPerByte.toFixed(3), '0.692');
  });
});

describe('stories', () => {
  it('their form is judged as it should be', () => {
    const good = 'There was a cat named Tom. He said, "Hello, my dear dog!"\nThen Tom slept well.';
    assert.deepEqual(formOf(good, true), {
      ended: true,
      whole: true,
      quotes: true,
      repeats: false,
      hero: true,
      words: 16,
    });
    assert.equal(formOf(good, false).whole, false);
    assert.equal(formOf('It was a dog and', true).whole, false);
    assert.equal(formOf('He said, "Hello.\n"No."', true).quotes, false);
    assert.equal(formOf('She saw a big cat. Oh! She saw a big cat! Oh!', true).repeats, true);
    assert.equal(formOf('Thank you! Thank you!', true).repeats, false);
    assert.equal(formOf('A boy named Tim sat in a tree. Ann ran home. She ate.', true).hero, false);
    assert.equal(formOf('He sat in a tree.', true).hero, null);
  });

  it('they are compared with a text', () => {
    const known = new KnownText(['The cat sat. The dog ran.']);
    assert.deepEqual(known.compare('The cat sat. The dog sat.'), {
      words: 0,
      triples: 2,
      ofTriples: 6,
      sentences: 1,
      ofSentences: 2,
    });
    assert.equal(known.compare('A cow sat.').words, 2);
  });

  it("the stories' model writes whole ones, with a beginning and an end", async () => {
    const model = await BitLlama.load(SHIPPED);
    const session = model.createSession();
    const stories = await writeStories(session, 60, {});
    const found = summarize(stories);
    session.destroy();
    model.destroy();
    for (const { text } of stories) assert.match(text, /^["“]?[A-Z]/);
    assert.ok(found.ended >= 0.95, `${found.ended} end`);
    assert.ok(found.whole >= 0.95, `${found.whole} consist of whole sentences`);
    assert.ok(found.repeats <= 0.1, `${found.repeats} say a sentence twice`);
    assert.ok(found.hero >= 0.8, `${found.hero} keep their hero`);
    assert.ok(found.words > 60 && found.words < 300, `${found.words} words`);
  });
});
