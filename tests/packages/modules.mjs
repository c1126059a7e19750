// modules.mjs - rows of the matrix: kinds of modules, resolution of types, and linters of packages.
// SPDX-License-Identifier: MIT
import * as programs from './lib/programs.mjs';
import { output, project } from './lib/workspace.mjs';

const typed = `import { TTT, TTTError } from 'bit-ttt';
import type { TTTOptions } from 'bit-ttt';
import { modelUrl } from 'bit-ttt/model';
import { modelUrl as englishUrl } from 'bit-ttt/models/english';
import { modelUrl as storiesUrl } from 'bit-ttt/models/stories';
import { exercise, memory } from './exercise.js';

const options: TTTOptions = { hiddenDim: 64, objective: 'predict' };
const make = (): Promise<TTT> => TTT.create(options);
const addresses: string[] = [modelUrl, englishUrl, storiesUrl];

async function main(): Promise<void> {
  const layer: TTT = await make();
  layer.destroy();
  const names = addresses.map((address) => address.split('/').pop());
  if (names.join(' ') !== 'stories.bitt english.bitt stories.bitt') throw new Error(names.join(' '));
  try {
    layer.forward(new Float32Array(64));
  } catch (error) {
    if (!(error instanceof TTTError) || error.code !== 'DESTROYED') throw error;
  }
  console.log('RESULT ' + JSON.stringify(await exercise({ TTT }, memory)));
}
void main();
`;
const exerciseTypes = `import type { TTT } from 'bit-ttt';
export declare const memory: string;
export declare function exercise(
  library: { TTT: typeof TTT }, memory: string,
): Promise<{ backend: string; hash: string }>;
`;

/** Compiles a strict program, without skipping the package's declarations, and runs it. */
const typeRow = (name, type, compilerOptions) => ({
  name,
  uses: 'strict, compiled and run',
  needs: ['tools'],
  async run(context) {
    const exercise = type === 'module' ? programs.exerciseModule : programs.exerciseCommon;
    const strict = {
      target: 'ES2022',
      lib: ['ES2022', 'DOM', 'ESNext.Disposable'],
      types: [],
      strict: true,
      skipLibCheck: false,
      outDir: 'out',
    };
    const files = {
      'main.ts': typed,
      'exercise.d.ts': exerciseTypes,
      'out/exercise.js': exercise(context.memory),
      'tsconfig.json': { compilerOptions: { ...strict, ...compilerOptions }, files: ['main.ts'] },
    };
    const cwd = await project(context.workspace, name.replace(/\W+/g, '-'), files, { type });
    await output(process.execPath, [context.tool('typescript/bin/tsc'), '-p', cwd]);
    const printed = await output(process.execPath, ['out/main.js'], { cwd });
    programs.checkResults(printed, [context.expected('native')]);
  },
});

const moduleRow = (name, files, main) => ({
  name,
  uses: 'installed and run',
  async run(context) {
    const cwd = await project(context.workspace, name.replace(/\W+/g, '-'), files(context));
    const printed = await output(process.execPath, [main], { cwd });
    programs.checkResults(printed, [context.expected('native')]);
  },
});

export default [
  moduleRow(
    'ES modules',
    ({ memory }) => ({
      'main.mjs': programs.mainModule,
      'exercise.mjs': programs.exerciseModule(memory),
    }),
    'main.mjs',
  ),
  moduleRow(
    'CommonJS',
    ({ memory }) => ({
      'main.cjs': programs.mainCommon,
      'exercise.cjs': programs.exerciseCommon(memory),
    }),
    'main.cjs',
  ),
  typeRow('TypeScript, bundler resolution', 'module', {
    module: 'ESNext',
    moduleResolution: 'bundler',
  }),
  typeRow('TypeScript, node16 (ES module)', 'module', { module: 'node16' }),
  typeRow('TypeScript, node16 (CommonJS)', 'commonjs', { module: 'node16' }),
  {
    name: 'publint',
    uses: 'the tarball, strict',
    needs: ['tools'],
    run: ({ tool, workspace }) => output(tool('.bin/publint'), [workspace.tarball, '--strict']),
  },
  {
    name: 'Are the types wrong?',
    uses: 'the tarball; node16 and bundler',
    needs: ['tools'],
    run: ({ tool, workspace }) => {
      const args = ['--profile', 'node16', '--no-color', '--exclude-entrypoints'];
      const models = ['english', 'stories', 'bit-llama'].map((name) => `models/${name}.bitt`);
      const assets = ['bit_ttt.wasm', 'bit_ttt_relaxed.wasm', ...models];
      return output(tool('.bin/attw'), [workspace.tarball, ...args, ...assets]);
    },
  },
];
