// The models that ship give the same everywhere: what they write under one seed, what they suggest and how well
// they foresee a text, with recall and without, on every kernel of the addon and in both WebAssembly modules.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { backends } from './support/backends.mjs';
import { runModule } from './support/child.mjs';

const LETTERS = `Dear Mrs Tamsin, thank you for your order of the walnut shelf. We will send it on Monday with the green van.

Dear Mr Okoro, we are sorry that the oak table came too late. We will mend it for you on Tuesday.`;

/** Beginnings of words after the letters, and the word of theirs that is meant. */
const ASKED = [
  ['\n\nDear Mrs Abara, thank you for your', 'o', 'order'],
  ['\n\nWe will send it on Monday with the', 'g', 'green'],
  ['\n\nWe are sorry that the', 'wal', 'walnut'],
];

const prelude = `
  import { BitLlama, getInfo, setKernel } from 'bit-ttt';
  const letters = ${JSON.stringify(LETTERS)};
  const asked = ${JSON.stringify(ASKED)};`;

/** Each value is exact: JSON gives a number the digits that lead back to it. */
const told = `
  async function told(model, recall) {
    const reader = model.createSession({ recall });
    const read = await reader.observe(letters);
    const suggestions = [...asked, ['\\n\\nWe will', ''], ['', 'I']].map(([before, typed]) =>
      reader.suggest(before, typed, { count: 5, minProbability: 0 }));
    const written = [];
    for (const options of [{ seed: 7 }, { seed: 8, temperature: 1, topP: 0.9 }, { temperature: 0 }]) {
      const writer = reader.fork();
      let text = '';
      for await (const piece of writer.generate('\\n\\nDear', { maxTokens: 40, ...options })) text += piece;
      written.push(text);
      writer.destroy();
    }
    reader.destroy();
    return { written, suggestions, foreseen: read.map((token) => token.logProbability) };
  }`;

/** What the model of this name gives on each target. */
function everywhere(name) {
  const code = `${prelude}${told}
    import { modelUrl } from 'bit-ttt/models/${name}';
    const found = [];
    for (const backend of ${JSON.stringify(backends)}) {
      const model = await BitLlama.load(modelUrl, { backend });
      for (const kernel of (await getInfo({ backend })).kernels) {
        await setKernel(kernel, { backend });
        const [withRecall, alone] = [await told(model, true), await told(model, false)];
        found.push({ target: backend + ' ' + kernel, withRecall, alone });
      }
      model.destroy();
    }
    console.log(JSON.stringify(found));`;
  // Node 20 has the relaxed instructions behind a flag.
  const isOld = Number(process.versions.node.split('.')[0]) < 22;
  return runModule(code, { flags: isOld ? ['--experimental-wasm-relaxed-simd'] : [] });
}

for (const name of ['english', 'stories']) {
  describe(`the model ${name}`, function () {
    this.timeout(120_000);
    let found;
    before(async () => (found = await everywhere(name)));

    it('is run on every kernel of the addon and in both WebAssembly modules', () => {
      const targets = found.map(({ target }) => target);
      if (backends.includes('native')) assert.ok(targets.includes('native baseline'), targets);
      if (backends.includes('wasm'))
        assert.deepEqual(
          targets.filter((target) => target.startsWith('wasm')),
          ['wasm relaxed', 'wasm simd128'],
        );
    });

    for (const kind of ['withRecall', 'alone']) {
      it(`gives the same on all of them, ${kind === 'alone' ? 'alone' : 'with recall'}`, () => {
        const [first, ...others] = found;
        for (const other of others) assert.deepEqual(other[kind], first[kind], other.target);
        const { written, suggestions, foreseen } = first[kind];
        assert.ok(written.every((text) => text.length > 40) && new Set(written).size === 3);
        assert.ok(suggestions.every((list) => list.length === 5));
        assert.ok(foreseen.length > 40 && foreseen.every((nats) => nats < 0));
      });
    }

    it('suggests what was read, and with recall more surely', () => {
      const { alone, withRecall } = found[0];
      ASKED.forEach(([, , wanted], i) => {
        const sure = (list) => list.find(({ text }) => text === wanted)?.probability ?? 0;
        const [more, less] = [sure(withRecall.suggestions[i]), sure(alone.suggestions[i])];
        assert.ok(more > 0.1 && more > less, `${wanted}: ${more}, without recall ${less}`);
      });
    });
  });
}
