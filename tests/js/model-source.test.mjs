// Where models come from, how much of them is read at most, and what belongs to them: paths and URLs, limits of
// downloads and files, configurations in every form, and models in several files.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, cpSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createGzip } from 'node:zlib';

import { BitLlama, init } from 'bit-ttt';

import { backends, onEachBackend, rejects, root } from './support/backends.mjs';
import { temporaryFolder } from './support/cli.mjs';
import { cutIntoShards } from './support/shards.mjs';
import { smallModel, smallTokenizer, smallTrainer } from './support/small-llama.mjs';

const folder = temporaryFolder();
const backend = backends[0];
const MIB = 1 << 20;
let packed;
let weights; // a safetensors file with config and tokenizer in its metadata
let fingerprint;

before(async () => {
  packed = await smallModel();
  const trainer = await smallTrainer();
  weights = trainer.weights();
  ({ fingerprint } = trainer.model());
  trainer.destroy();
});

const load = (source, options) => BitLlama.load(source, { backend, ...options });

describe('a path', () => {
  it('is what does not begin as a URL', async () => {
    const before = process.cwd();
    const odd = ['story:v1.bitt', 'node:x', 'C:x.bitt', 'urn:isbn:1', 'httpx:y'];
    for (const name of odd) folder.write(name, packed);
    process.chdir(folder.path('.'));
    try {
      for (const name of odd) assert.ok((await load(name)).parameters > 0, name);
      const text = /cannot read the model C:\\models\\x\.bitt: ENOENT/;
      if (process.platform !== 'win32')
        await rejects(() => load('C:\\models\\x.bitt'), 'MODEL_UNAVAILABLE', text);
      const module = 'ttt:module.wasm';
      await rejects(
        () => init({ backend: 'wasm', wasm: module }),
        'BACKEND_UNAVAILABLE',
        /ttt:module\.wasm: ENOENT/,
      );
    } finally {
      process.chdir(before);
    }
  });

  it('a URL may have its scheme in capitals', async () => {
    const { href } = pathToFileURL(folder.write('a.bitt', packed));
    assert.ok((await load(href.replace('file:', 'FILE:'))).parameters > 0);
    const data = `data:application/octet-stream;base64,${Buffer.from(packed).toString('base64')}`;
    assert.ok((await load(data)).parameters > 0);
    const blob = URL.createObjectURL(new Blob([packed]));
    assert.ok((await load(blob)).parameters > 0);
    URL.revokeObjectURL(blob);
  });
});

/** Serves what `answer` does, and counts the connections that the client broke off. */
async function serving(answer, body) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await body(`http://127.0.0.1:${server.address().port}/model.bitt`);
  } finally {
    server.closeAllConnections?.();
    server.close();
  }
}

describe('the limit of what is read', () => {
  /** Writes for as long as somebody reads. */
  function pour(stream, chunk) {
    let open = true;
    stream.on('close', () => (open = false)).on('error', () => (open = false));
    const more = () => {
      while (open) {
        if (!stream.write(chunk)) return void stream.once('drain', more);
      }
    };
    more();
  }

  it('holds for downloads: what the server says, and what it sends', async () => {
    const broken = [];
    const endless = (response) => {
      broken.push(once(response, 'close'));
      pour(response, Buffer.alloc(1 << 16, 'BITT'));
    };
    const header = Buffer.concat([Buffer.from('BITT'), Buffer.from([0, 0, 0, 0x10, 0, 0, 0, 0])]);
    const answers = {
      'says that it is large': (_, response) => {
        response.writeHead(200, { 'content-length': 2 * MIB });
        response.flushHeaders();
        broken.push(once(response, 'close'));
      },
      'never ends': (_, response) => {
        response.write(header);
        endless(response);
      },
      'is 600 KB of gzip': (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        broken.push(once(response, 'close'));
        const gzip = createGzip();
        gzip.pipe(response);
        response.on('close', () => gzip.destroy());
        gzip.write(header);
        pour(gzip, Buffer.alloc(1 << 16));
      },
    };
    for (const [what, answer] of Object.entries(answers)) {
      await serving(answer, async (url) => {
        const error = await rejects(
          () => load(url, { maxBytes: MIB }),
          'MODEL_TOO_LARGE',
          /has more than 1 MiB/,
        );
        assert.equal(error.status, 68, what);
        assert.ok(error.message.startsWith(`${url} is too large`), error.message);
        await broken.at(-1); // the server need not go on
      });
    }
    assert.equal(broken.length, 3);
  });

  it('is what may still be read', async () => {
    const answer = (_, response) => response.end(packed);
    await serving(answer, async (url) => {
      assert.ok((await load(url, { maxBytes: packed.length })).parameters > 0);
      await rejects(() => load(url, { maxBytes: packed.length - 1 }), 'MODEL_TOO_LARGE');
    });
    const path = folder.write('limit.bitt', packed);
    for (const source of [path, pathToFileURL(path), packed]) {
      assert.ok((await load(source, { maxBytes: packed.length })).parameters > 0);
      await rejects(
        () => load(source, { maxBytes: packed.length - 1 }),
        'MODEL_TOO_LARGE',
        /too large: it has more/,
      );
    }
    for (const maxBytes of ['1', null, {}])
      await rejects(() => load(path, { maxBytes }), 'INVALID_ARGUMENT', /maxBytes/);
    for (const maxBytes of [0, -1, 1.5, NaN, Infinity])
      await rejects(() => load(path, { maxBytes }), 'INVALID_OPTION');
  });

  it('is 4 GiB unless somebody says otherwise, and 1 GiB in browsers', async () => {
    const browser = await import('../../dist/browser.mjs');
    const loaders = [
      [4, load],
      [1, (url) => browser.BitLlama.load(url)],
    ];
    for (const [gib, loads] of loaders) {
      const says = (_, response) =>
        response.writeHead(200, { 'content-length': gib * 2 ** 30 + 1 }).flushHeaders();
      await serving(says, async (url) => {
        const error = await loads(url).catch((caught) => caught);
        assert.equal(error.code, 'MODEL_TOO_LARGE');
        assert.match(error.message, new RegExp(`it has more than ${gib} GiB`));
      });
    }
  });

  it('holds for the WebAssembly module too', async () => {
    const says = (_, response) =>
      response.writeHead(200, { 'content-length': 65 * MIB }).flushHeaders();
    await serving(says, (wasm) =>
      rejects(
        () => init({ backend: 'wasm', wasm }),
        'BACKEND_UNAVAILABLE',
        /it has more than 64 MiB/,
      ),
    );
    if (process.platform === 'win32') return;
    await rejects(
      () => init({ backend: 'wasm', wasm: '/dev/zero' }),
      'BACKEND_UNAVAILABLE',
      /64 MiB/,
    );
    await rejects(
      () => init({ backend: 'wasm', wasm: root }),
      'BACKEND_UNAVAILABLE',
      /it is a directory/,
    );
  });

  it('and a signal end what never comes', async function () {
    await serving(
      () => undefined,
      async (url) => {
        const controller = new AbortController();
        const loading = load(url, { signal: controller.signal });
        setImmediate(() => controller.abort('enough'));
        assert.equal((await rejects(() => loading, 'ABORTED')).cause, 'enough');
      },
    );
    if (process.platform === 'win32') this.skip();
    const fifo = folder.path('fifo');
    execFileSync('mkfifo', [fifo]);
    const controller = new AbortController();
    const loading = load(fifo, { signal: controller.signal });
    for (let writer; writer === undefined; await new Promise(setImmediate)) {
      try {
        writer = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK); // until there is a reader
      } catch (error) {
        assert.equal(error.code, 'ENXIO');
      }
    }
    controller.abort('enough');
    assert.equal((await rejects(() => loading, 'ABORTED')).cause, 'enough');
  });
});

describe('a signal', () => {
  /** Of somebody else's making; it fails when it is asked for the `last` time. */
  const failingSignal = (last) => ({
    get aborted() {
      if (--last <= 0) throw new Error('not mine');
      return false;
    },
    addEventListener() {},
    removeEventListener() {},
  });

  it('that cannot be read is an error of the argument, at every step', async () => {
    const data = `data:application/octet-stream;base64,${Buffer.from(packed).toString('base64')}`;
    for (const source of [
      packed,
      folder.write('signalled.bitt', packed),
      folder.path('none.bitt'),
      data,
    ]) {
      for (let last = 1; last <= 3; last++) {
        try {
          (await load(source, { signal: failingSignal(last) })).destroy();
        } catch (error) {
          assert.match(
            String(error.code),
            /^(INVALID_ARGUMENT|MODEL_UNAVAILABLE)$/,
            `${last}: ${error}`,
          );
        }
      }
    }
    const noReason = Object.assign(failingSignal(9), { reason: 1 });
    Object.defineProperties(noReason, {
      aborted: { value: true },
      reason: {
        get() {
          throw 5;
        },
      },
    });
    await rejects(
      () => load(packed, { signal: noReason }),
      'INVALID_ARGUMENT',
      /^signal cannot be read$/,
    );
  });

  it('of any making ends a download, and is listened to once', async () => {
    await serving(
      () => undefined,
      async (url) => {
        const signal = Object.assign(new EventTarget(), { aborted: false, reason: undefined });
        let listeners = 0;
        signal.addEventListener = function (...args) {
          listeners++;
          EventTarget.prototype.addEventListener.apply(this, args);
        };
        const loading = Array.from({ length: 12 }, () => load(url, { signal }));
        const ended = Promise.allSettled(loading);
        while (listeners === 0) await new Promise(setImmediate);
        for (let i = 0; i < 20; i++) await new Promise(setImmediate);
        assert.equal(listeners, 1);
        Object.assign(signal, { aborted: true, reason: 'enough' }).dispatchEvent(
          new Event('abort'),
        );
        for (const { reason } of await ended)
          assert.deepEqual([reason.code, reason.cause], ['ABORTED', 'enough']);
      },
    );
  });
});

describe('the header of a safetensors file', () => {
  it('is searched for where the file ends, and not parsed', async () => {
    const header = Buffer.from(`{"a":[${'{},'.repeat(1e5)}{}]}`);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    const path = folder.write('wide.safetensors', Buffer.concat([size, header]));
    const { parse } = JSON;
    let longest = 0;
    JSON.parse = (text, ...rest) => {
      longest = Math.max(longest, text.length);
      return parse(text, ...rest);
    };
    try {
      await rejects(() => load(path), 'MODEL_FORMAT', /tensor "a"/);
    } finally {
      JSON.parse = parse;
    }
    assert.ok(longest < header.length, `${longest}`);
  });
});

describe('a configuration', () => {
  let bare;
  let config;
  before(() => {
    const { index: _, shards, config: text } = cutIntoShards(weights, 1);
    [{ bytes: bare }] = cutIntoShards(weights, 1, { metadata: false }).shards;
    config = text;
    assert.ok(shards.length === 1 && bare.length < weights.length);
  });

  it('is read in every form, with a byte order mark or without', async () => {
    const bytes = new TextEncoder().encode(config);
    const marked = new TextEncoder().encode(`\ufeff${config}`);
    const forms = [
      config,
      `\ufeff${config}`,
      JSON.parse(config),
      bytes,
      marked,
      Buffer.from(marked),
      bytes.buffer,
      marked.buffer,
    ];
    for (const form of forms) {
      assert.equal(
        (await load(bare, { config: form, tokenizer: await smallTokenizer() })).fingerprint,
        fingerprint,
      );
    }
    const place = folder.path('marked');
    mkdirSync(place);
    writeFileSync(join(place, 'model.safetensors'), bare);
    writeFileSync(join(place, 'config.json'), marked);
    assert.equal((await load(place)).fingerprint, fingerprint);
  });

  it('that cannot be JSON is refused as an argument', async () => {
    const cycle = {};
    cycle.self = cycle;
    const throwing = {
      get hidden_dim() {
        throw 5;
      },
    };
    const thrown = [
      Object.create(null),
      Symbol('s'),
      Object.assign(new Error('e'), { message: Symbol('s') }),
    ];
    thrown.push(
      Object.defineProperty(new Error('e'), 'message', {
        get() {
          throw 5;
        },
      }),
    );
    const unreadable = thrown.map((error) => ({
      toJSON() {
        throw error;
      },
    }));
    const others = [{ toJSON: () => undefined }, 5, null, true, new Float32Array(4), ...unreadable];
    for (const bad of [cycle, { hidden_dim: 5n }, throwing, ...others]) {
      await rejects(() => load(bare, { config: bad }), 'INVALID_ARGUMENT', /config/);
    }
    await rejects(
      () => load(bare, { config: new SharedArrayBuffer(8) }),
      'INVALID_ARGUMENT',
      /SharedArrayBuffer/,
    );
    await rejects(() => load(bare, { config: '{' }), 'MODEL_CONFIG');
  });
});

onEachBackend('a model in several files', (each) => {
  const open = (source, options) => BitLlama.load(source, { backend: each, ...options });
  let cut;
  let place;
  const put = (name, bytes) => writeFileSync(join(place, name), bytes);
  const indexOf = (map) => JSON.stringify({ weight_map: map });

  beforeEach(() => {
    cut = cutIntoShards(weights, 3, { metadata: false });
    place = folder.path(`${each}-${Math.random()}`);
    mkdirSync(place);
    for (const { name, bytes } of cut.shards) put(name, bytes);
    put('model.safetensors.index.json', cut.index);
    put('config.json', cutIntoShards(weights, 1).config);
  });

  it('is the same from its folder, its index, a URL, and bytes', async () => {
    const index = join(place, 'model.safetensors.index.json');
    for (const source of [place, index, pathToFileURL(place), pathToFileURL(index).href]) {
      assert.equal((await open(source)).fingerprint, fingerprint, String(source));
    }
    const odd = folder.path(process.platform === 'win32' ? `${each}-#%41` : `${each}-#?%41`); // marks of URLs
    cpSync(place, odd, { recursive: true });
    assert.equal((await open(join(odd, 'model.safetensors.index.json'))).fingerprint, fingerprint);
    const shards = Object.fromEntries(cut.shards.map(({ name, bytes }) => [name, bytes]));
    const { config } = cutIntoShards(weights, 1);
    for (const given of [cut.index, indexOf(cut.map), { weight_map: cut.map }]) {
      assert.equal((await open({ index: given, shards }, { config })).fingerprint, fingerprint);
    }
    const { length } = Buffer.concat(Object.values(shards));
    assert.ok(await open(place, { maxBytes: length }));
    for (const source of [place, { index: cut.index, shards }]) {
      await rejects(() => open(source, { config, maxBytes: length - 1 }), 'MODEL_TOO_LARGE');
    }
    const server = createServer(({ url }, response) => {
      const found = [...cut.shards, { name: 'x.safetensors.index.json', bytes: cut.index }];
      const file = found.find(({ name }) => basename(url.split('?')[0]) === name);
      response.writeHead(file ? 200 : 404).end(file?.bytes);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${server.address().port}/a/x.safetensors.index.json?download=true#x`;
    assert.equal((await open(url, { config })).fingerprint, fingerprint);
    server.close();
  });

  it('names the file and the tensor that are wrong', async () => {
    const [tensor, shard] = Object.entries(cut.map)[0];
    const other = Object.values(cut.map).find((name) => name !== shard);
    const { [tensor]: _, ...fewer } = cut.map;
    const cases = [
      [{ ...cut.map, 'no.such': shard }, 'MODEL_TENSOR', ['no.such', shard]],
      [{ ...cut.map, [tensor]: other }, 'MODEL_TENSOR', [tensor, other]],
      [fewer, 'MODEL_TENSOR', [tensor, shard]],
      [
        { ...cut.map, [tensor]: 'missing.safetensors' },
        'MODEL_UNAVAILABLE',
        ['missing.safetensors'],
      ],
    ];
    for (const [map, code, words] of cases) {
      put('model.safetensors.index.json', indexOf(map));
      const { message } = await rejects(() => open(place), code);
      for (const word of words) assert.ok(message.includes(word), `${message} without ${word}`);
    }
    put('model.safetensors.index.json', cut.index);
    put(shard, cut.shards[0].bytes.subarray(0, 1000));
    await rejects(() => open(place), 'MODEL_FORMAT', new RegExp(shard));
    put(shard, cut.shards.find(({ name }) => name === other).bytes);
    await rejects(() => open(place), 'MODEL_TENSOR', /another shard has this tensor/);
  });

  it('does not leave its folder, whatever a stranger wrote', async () => {
    const outside = folder.write('outside.safetensors', cut.shards[0].bytes);
    const [tensor] = Object.keys(cut.map);
    const names = [
      '../outside.safetensors',
      outside,
      'sub/x.safetensors',
      '..\\outside.safetensors',
      'C:outside.safetensors',
      'x.safetensors\0',
      '/dev/zero',
      'config.json',
      '',
      '..',
      5,
      null,
      'file:///etc/x.safetensors',
    ];
    for (const name of names) {
      put('model.safetensors.index.json', indexOf({ ...cut.map, [tensor]: name }));
      await rejects(() => open(place), 'MODEL_FORMAT', /which is no \.safetensors file beside it/);
    }
    for (const index of ['', '[]', '{', '{"weight_map": 5}', '{"weight_map": {}}']) {
      put('model.safetensors.index.json', index);
      await rejects(() => open(place), 'MODEL_FORMAT', /index\.json: the index/);
    }
  });
});
