// The addon in several threads: a model that they share, and threads that end in the middle of work.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { backends, sameBits } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import { addon, DESTROYED, newModel, newSession } from './support/raw-addon.mjs';

const file = new URL('./support/raw-worker.mjs', import.meta.url);
const IDS = Uint32Array.from({ length: 100 }, (_, i) => (i * i) % 31);

/** A worker, and how to have it do something. */
function start() {
  const worker = new Worker(file);
  const ask = async (...message) => {
    worker.postMessage(message);
    const [answer] = await once(worker, 'message');
    return answer;
  };
  return { ask, end: () => worker.terminate() };
}

describe('threads with the addon', () => {
  let models, sessions;
  before(function () {
    if (!backends.includes('native')) this.skip();
    ({ models, sessions } = addon);
  });

  function read(model) {
    const session = newSession(model);
    const results = new Float32Array(IDS.length);
    assert.equal(sessions.read(session, IDS, results, undefined), 0);
    sessions.destroy(session);
    return results;
  }

  function readNew() {
    const model = newModel();
    const results = read(model);
    models.close(model);
    return results;
  }

  describe('share a model', () => {
    it('by a ticket, of which each model has one while it is open', () => {
      const [model, other] = [newModel(), newModel({ vocabSize: 48 })];
      const ticket = models.share(model);
      assert.equal(typeof ticket, 'bigint');
      assert.equal(models.share(model), ticket);
      assert.notEqual(models.share(other), ticket);
      const adopted = models.adopt(ticket);
      assert.notEqual(adopted, model);
      assert.equal(models.share(adopted), ticket);
      assert.equal(models.fingerprint(adopted), models.fingerprint(model));
      assert.notEqual(models.fingerprint(adopted), models.fingerprint(other));
      models.close(model);
      assert.equal(read(adopted).length, IDS.length);
      const again = models.adopt(ticket);
      for (const each of [again, adopted]) assert.equal(models.close(each), 0);
      assert.equal(models.adopt(ticket), -DESTROYED);
      for (const forged of [0n, 1n, ticket + 1n, 2n ** 64n - 1n])
        assert.equal(models.adopt(forged), -DESTROYED);
      models.close(other);
    });

    it('sessions alone do not keep it open', () => {
      const model = newModel();
      const ticket = models.share(model);
      const session = newSession(model);
      models.close(model);
      assert.equal(models.adopt(ticket), -DESTROYED);
      assert.equal(sessions.read(session, IDS, undefined, undefined), 0);
      sessions.destroy(session);
    });

    it('and compute the same, whichever ends first', async () => {
      const expected = readNew();
      const model = newModel();
      const ticket = models.share(model);
      const [first, last] = [start(), start()];
      for (const { ask } of [first, last]) {
        assert.ok((await ask('adopt', ticket)) > 0);
        sameBits(await ask('read', IDS), expected);
      }
      await first.end(); // with the model open
      sameBits(read(model), expected);
      assert.equal(models.close(model), 0);
      sameBits(await last.ask('read', IDS), expected);
      await last.end();
      assert.equal(models.adopt(ticket), -DESTROYED);
    });

    it('from a worker that ends, to others', async () => {
      const [maker, other] = [start(), start()];
      await maker.ask('open');
      const ticket = await maker.ask('share');
      assert.ok((await other.ask('adopt', ticket)) > 0);
      await maker.end();
      const model = models.adopt(ticket);
      sameBits(await other.ask('read', IDS), read(model));
      await other.end();
      assert.equal(models.close(model), 0);
      assert.equal(models.adopt(ticket), -DESTROYED);
    });

    it('until the last thread ends that has it open', async () => {
      const { ask, end } = start();
      await ask('open');
      const ticket = await ask('share');
      await end();
      assert.equal(models.adopt(ticket), -DESTROYED);
    });

    it('many at once', async () => {
      const model = newModel();
      const ticket = models.share(model);
      const workers = [start(), start(), start(), start()];
      const answers = workers.map(({ ask }) => ask('many', ticket));
      for (let i = 0; i < 200; i++) assert.equal(models.close(models.adopt(ticket)), 0);
      assert.deepEqual(await Promise.all(answers), ['done', 'done', 'done', 'done']);
      await Promise.all(workers.map(({ end }) => end()));
      assert.equal(models.close(model), 0);
      assert.equal(models.adopt(ticket), -DESTROYED);
    });
  });

  it('may end in the middle of asynchronous work of every kind', async () => {
    const expected = readNew();
    for (let i = 0; i < 6; i++) {
      const { ask, end } = start();
      assert.ok((await ask('work')).every((status) => status >= 0));
      await new Promise((resolve) => setTimeout(resolve, 5 * i));
      await end();
    }
    sameBits(readNew(), expected);
  });

  it('and so may the process', async () => {
    const code = `
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(new URL('file://${file.pathname}'), { execArgv: [] });
      worker.postMessage(['work']);
      worker.once('message', (started) => {
        console.log(started.length);
        process.exit();
      });`;
    assert.equal(await runModule(code), 9);
  });
});
