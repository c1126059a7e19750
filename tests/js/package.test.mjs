// What is published: the tarball's contents, and the package installed from it in an empty folder.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceHash } from 'bit-ttt';
import { build } from 'esbuild';

import { backends, root } from './support/backends.mjs';
import { cleanEnvironment, output, runModule } from './support/child.mjs';

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const platform = `${process.platform}-${process.arch}`;
const compiler = join(root, 'node_modules/typescript/bin/tsc');

describe('the package', () => {
  let folder;
  let files;
  let size;
  before(async function () {
    if (backends.length < 2) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'bit-ttt-'));
    const env = cleanEnvironment();
    const packed = await output(
      npm,
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      { env },
    );
    const [{ filename, files: list, size: bytes }] = JSON.parse(packed);
    size = bytes;
    files = list.map(({ path }) => path).sort();
    writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }\n');
    const install = ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename)];
    await output(npm, install, { cwd: folder, env });
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  const run = (code, options) => runModule(code, { cwd: folder, ...options });
  const installed = (path) => join(folder, 'node_modules/bit-ttt', path);

  it('contains what is used and nothing else', () => {
    const allowed = [
      /^dist\/[\w-]+\.[cm]js$/,
      /^dist\/bit_ttt(_relaxed)?\.wasm$/,
      /^dist\/types\/([\w-]+\/)?[\w-]+\.d\.[cm]ts$/,
      /^dist\/native\/[\w-]+\/bit_ttt\.node$/,
      /^models\/[\w.-]+$/,
      /^docs\/([\w-]+\.md|(benchmarks|pictures)\/[\w-]+\.svg)$/,
      /^examples\/(README\.md|services\.log)$/, // npm adds the README of a folder by itself
      /^(README(\.ja)?|ARCHITECTURE|CONTRIBUTING|CHANGELOG|SECURITY)\.md$/,
      /^(package\.json|LICENSE|THIRD-PARTY-LICENSES)$/,
    ];
    const unexpected = files.filter((path) => !allowed.some((pattern) => pattern.test(path)));
    assert.deepEqual(unexpected, []);
    const needed = [
      'package.json',
      'README.md',
      'README.ja.md',
      'docs/api.md',
      'examples/services.log',
      'LICENSE',
      'SECURITY.md',
      'THIRD-PARTY-LICENSES',
      'dist/cli.mjs',
      'dist/bit_ttt.wasm',
      'dist/bit_ttt_relaxed.wasm',
      'models/english.bitt',
      'models/stories.bitt',
      'models/README.md',
      'models/ATTRIBUTION.md',
      `dist/native/${platform}/bit_ttt.node`,
    ];
    assert.deepEqual(
      needed.filter((path) => !files.includes(path)),
      [],
    );
  });

  it('is one tarball of at most 9 MB with one addon', () => {
    // Of it the models take 2.6 MB and up to 5 MB, neither of which can be compressed, and an addon 150 to 260 KB.
    assert.ok(size <= 9e6, `${size} bytes`);
  });

  it('has no dependencies, no scripts at installation, and only entries that exist', () => {
    const manifest = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
    assert.equal(manifest.dependencies, undefined);
    for (const name of [
      'preinstall',
      'install',
      'postinstall',
      'prepare',
      'prepack',
      'prepublish',
    ]) {
      assert.equal(manifest.scripts?.[name], undefined, name);
    }
    const targets = [
      manifest.main,
      manifest.module,
      manifest.types,
      ...Object.values(manifest.bin),
    ];
    const walk = (value) =>
      typeof value === 'string' ? targets.push(value) : Object.values(value).forEach(walk);
    walk(manifest.exports);
    for (const target of targets) assert.ok(statSync(installed(target)).isFile(), target);
    const conditions = (value) => {
      if (typeof value === 'string') return;
      const keys = Object.keys(value);
      if (keys.includes('types')) assert.equal(keys[0], 'types');
      Object.values(value).forEach(conditions);
    };
    conditions(manifest.exports);
  });

  it('is imported and required, and runs both backends', async () => {
    const expected = await conformanceHash();
    const body = `
      const hashes = {};
      for (const backend of ['native', 'wasm']) {
        const layer = await TTT.create({ hiddenDim: 64, backend });
        const { surprise } = layer.observe(new Float32Array(640).fill(0.5));
        if (surprise.length !== 10 || layer.backend !== backend) throw new Error('wrong');
        hashes[backend] = await conformanceHash({ backend });
      }
      console.log(JSON.stringify(hashes));`;
    const esm = `import { TTT, conformanceHash } from 'bit-ttt'; ${body}`;
    const cjs = `(async () => { const { TTT, conformanceHash } = require('bit-ttt'); ${body} })();`;
    assert.deepEqual(await run(esm), { native: expected, wasm: expected });
    const printed = await output(process.execPath, ['-e', cjs], {
      cwd: folder,
      env: cleanEnvironment(),
    });
    assert.deepEqual(JSON.parse(printed), { native: expected, wasm: expected });
  });

  it('offers its parts: wasm-only, native-only, the raw module, the models, its manifest', async () => {
    const result = await run(`
      import { existsSync, readFileSync } from 'node:fs';
      import { createRequire } from 'node:module';
      import path from 'node:path';
      import { getInfo as native } from 'bit-ttt/native';
      import { modelUrl } from 'bit-ttt/model';
      import { modelUrl as english } from 'bit-ttt/models/english';
      import { modelUrl as stories } from 'bit-ttt/models/stories';
      import { TTT, getInfo as wasm } from 'bit-ttt/wasm';
      const require = createRequire(import.meta.url);
      const module = await WebAssembly.compile(readFileSync(require.resolve('bit-ttt/bit_ttt.wasm')));
      const layer = await TTT.create({ hiddenDim: 16, wasm: module });
      console.log(JSON.stringify([
        (await native()).backend, (await wasm()).backend,
        layer.forward(new Float32Array(16)).length,
        require('bit-ttt/package.json').name,
        modelUrl === require('bit-ttt/model').modelUrl && modelUrl === stories,
        [english, stories].map((url) => existsSync(new URL(url)) && url.split('/').pop()),
        english === require('bit-ttt/models/english').modelUrl,
        ['english', 'stories', 'bit-llama'].map((name) =>
          path.basename(require.resolve('bit-ttt/models/' + name + '.bitt'))),
      ]));`);
    const files = ['english.bitt', 'stories.bitt'];
    const assets = [...files, 'stories.bitt'];
    assert.deepEqual(result, ['native', 'wasm', 16, 'bit-ttt', true, files, true, assets]);
    await assert.rejects(run(`import 'bit-ttt/dist/index.cjs'`), /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  it('offers the transport for pino, without pino, on the engine and with the errors of the package', async () => {
    const result = await run(`
      import { createRequire } from 'node:module';
      import { TTTError } from 'bit-ttt';
      import transport, { watchPino } from 'bit-ttt/pino';
      const require = createRequire(import.meta.url);
      const failure = await transport({ level: 'loud' }).catch((error) => error);
      const stream = await transport();
      stream.end('{"level":30,"msg":"started"}\\n', () => console.log(JSON.stringify([
        failure instanceof TTTError, transport === watchPino,
        require('bit-ttt/pino').default === transport,
      ])));`);
    assert.deepEqual(result, [true, true, true]);
  });

  it('is bundled for browsers and for Node, and the bundles run', async () => {
    const source = `import { conformanceHash, getInfo } from 'bit-ttt';
      const print = async () =>
        console.log(JSON.stringify([(await getInfo()).backend, await conformanceHash()]));
      print();`;
    const hash = await conformanceHash();
    for (const [target, format, extension, backend] of [
      ['browser', 'esm', 'mjs', 'wasm'],
      ['node', 'cjs', 'cjs', 'native'],
    ]) {
      // Beside the package's files, where the addon's literal paths still hold.
      const outfile = installed(`dist/bundle-${target}.${extension}`);
      const { warnings } = await build({
        stdin: { contents: source, resolveDir: folder },
        bundle: true,
        format,
        external: ['*.node'],
        outfile,
        platform: target,
        logLevel: 'silent',
      });
      assert.deepEqual(warnings, []);
      const printed = await output(process.execPath, [outfile], { env: cleanEnvironment() });
      assert.deepEqual(JSON.parse(printed), [backend, hash]);
    }
  });

  it('the command runs', async () => {
    const printed = await output(npm, ['exec', '--offline', '--', 'bit-ttt', 'doctor', '--json'], {
      cwd: folder,
      env: cleanEnvironment(),
    });
    const report = JSON.parse(printed);
    assert.equal(report.backend, 'native');
    assert.equal(report.hash, await conformanceHash());
  });

  it('without an addon that fits falls back, and says why', async () => {
    const dir = installed(`dist/native/${platform}`);
    const ask = `
      import { conformanceHash, getInfo } from 'bit-ttt';
      import { getInfo as native } from 'bit-ttt/native';
      const failure = await native().catch(({ code, message }) => ({ code, message }));
      const [info, hash] = [await getInfo(), await conformanceHash()];
      console.log(JSON.stringify({ info, hash, failure }));`;
    const check = async (reason) => {
      const { info, hash, failure } = await run(ask);
      assert.equal(info.backend, 'wasm');
      assert.match(info.fallback, reason);
      assert.equal(hash, await conformanceHash());
      assert.equal(failure.code, 'BACKEND_UNAVAILABLE');
      assert.match(failure.message, reason);
    };
    renameSync(dir, `${dir}-away`);
    try {
      await check(new RegExp(`^this installation has no native addon for ${platform}$`));
      cpSync(`${dir}-away`, dir, { recursive: true });
      const addon = join(dir, 'bit_ttt.node');
      chmodSync(addon, 0o644);
      writeFileSync(addon, 'not a library');
      await check(/^the native addon could not be loaded: /);
    } finally {
      rmSync(dir, { recursive: true, force: true });
      renameSync(`${dir}-away`, dir);
    }
  });

  describe('types', () => {
    const check = async (name, options) => {
      cpSync(join(root, 'tests/js/support/consumer/consumer.ts'), join(folder, name));
      const config = {
        compilerOptions: {
          target: 'ES2022',
          lib: ['ES2022', 'ESNext.Disposable', 'DOM'],
          types: [],
          strict: true,
          noEmit: true,
          skipLibCheck: false,
          ...options,
        },
        files: [name],
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      await output(process.execPath, [compiler, '-p', folder]).catch((error) =>
        assert.fail(error.stdout),
      );
    };

    it('resolve for a bundler', () =>
      check('user.ts', { module: 'ESNext', moduleResolution: 'bundler' }));
    it('resolve for an ES module of Node', () =>
      check('user.mts', { module: 'node16', moduleResolution: 'node16' }));
    it('resolve for a CommonJS module of Node', () =>
      check('user.cts', { module: 'node16', moduleResolution: 'node16' }));
    it('resolve for a browser bundle', () =>
      check('user.ts', {
        module: 'ESNext',
        moduleResolution: 'bundler',
        customConditions: ['browser'],
      }));

    it('of the transport for pino are those of a stream of Node', async () => {
      const code = `import type { Writable } from 'node:stream';
        import type { LogFinding } from 'bit-ttt';
        import transport, { type PinoOptions, watchPino } from 'bit-ttt/pino';
        const found: LogFinding[] = [];
        const options: PinoOptions = {
          mask: [/a/, 'b'], session: 'id=(.*)', level: 'error', destination: 2,
          onFinding: (finding) => found.push(finding),
        };
        export const stream: Promise<Writable> = transport(options);
        // @ts-expect-error: there is no such level
        export const other: Promise<Writable> = watchPino({ level: 'loud' });\n`;
      for (const extension of ['mts', 'cts']) {
        writeFileSync(join(folder, `pino.${extension}`), code);
        const compilerOptions = {
          target: 'ES2022',
          lib: ['ES2022', 'ESNext.Disposable'],
          types: ['node'],
          typeRoots: [join(root, 'node_modules/@types')],
          strict: true,
          noEmit: true,
          module: 'node16',
          moduleResolution: 'node16',
        };
        const config = { compilerOptions, files: [`pino.${extension}`] };
        writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
        await output(process.execPath, [compiler, '-p', folder]).catch((error) =>
          assert.fail(error.stdout),
        );
      }
    });

    it('need neither the DOM nor types of Node', async () => {
      const plain = `import { TTT } from 'bit-ttt';
        export const length = async (): Promise<number> =>
        (await TTT.create({ hiddenDim: 16 })).forward(new Float32Array(16)).length;\n`;
      writeFileSync(join(folder, 'plain.mts'), plain);
      const config = {
        compilerOptions: {
          target: 'ES2022',
          lib: ['ES2022'],
          types: [],
          strict: true,
          noEmit: true,
          skipLibCheck: false,
          module: 'node16',
          moduleResolution: 'node16',
        },
        files: ['plain.mts'],
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      await output(process.execPath, [compiler, '-p', folder]).catch((error) =>
        assert.fail(error.stdout),
      );
    });
  });
});
