// runners.mjs - rows of the matrix: the package in tests of Vitest and Jest, and in jsdom.
// SPDX-License-Identifier: MIT
import * as programs from './lib/programs.mjs';
import { output, project } from './lib/workspace.mjs';

/** Two tests: as it is, and under the runner's fake timers. */
const body = (fakes) => `test('the same bits', async () => {
  const result = await exercise({ TTT }, memory);
  console.log('RESULT ' + JSON.stringify(result));
  expect(result.hash).toMatch(/^[0-9a-f]{16}$/);
});
test('the same bits under fake timers', async () => {
  const fakes = ${fakes};
  fakes.useFakeTimers();
  try {
    const layer = await TTT.create({ hiddenDim: 64 });
    const { surprise } = await layer.observeAsync(new Float32Array(64 * 2000).fill(0.5));
    expect(surprise.length).toBe(2000);
  } finally {
    fakes.useRealTimers();
  }
});
`;
const moduleTest = `import { TTT } from 'bit-ttt';
import { exercise, memory } from './exercise.mjs';
${body("typeof vi === 'object' ? vi : import.meta.jest")}`;
const commonTest = `const { TTT } = require('bit-ttt');
const { exercise, memory } = require('./exercise.cjs');
${body('jest')}`;

/** A project with one test, run by a command of the tools; Vitest and jsdom want Node 24. */
const row = (name, backend, { test, manifest, args, env }) => ({
  name,
  uses: 'one test of the package',
  needs: ['tools'],
  async run(context) {
    const files = {
      [test]: test.endsWith('.mjs') ? moduleTest : commonTest,
      'exercise.mjs': programs.exerciseModule(context.memory),
      'exercise.cjs': programs.exerciseCommon(context.memory),
    };
    const place = name.replace(/\W+/g, '-');
    const cwd = await project(context.workspace, place, files, manifest);
    const [script, ...more] = args;
    const command = [context.tool(script), ...more];
    const printed = await output(context.tool('node24/bin/node'), command, { cwd, env });
    programs.checkResults(printed, [context.expected(backend)]);
  },
});

const vitest = ['vitest/vitest.mjs', 'run', '--globals', '--reporter=verbose'];
const jest = ['jest/bin/jest.js', '--ci', '--runInBand', '--cache=false'];
const esmJest = {
  jest: { testMatch: ['**/*.test.mjs'], moduleFileExtensions: ['mjs', 'cjs', 'js'], transform: {} },
};
const vmModules = { NODE_OPTIONS: '--experimental-vm-modules' };
const commonJest = { jest: { testMatch: ['**/*.test.cjs'], transform: {} } };
const domJest = { jest: { ...commonJest.jest, testEnvironment: 'jest-environment-jsdom' } };

/** A classic script in a jsdom window that has nothing of Node's. */
const domProgram = `import { readFileSync } from 'node:fs';
import { JSDOM, VirtualConsole } from 'jsdom';
const console_ = new VirtualConsole().forwardTo(console);
const options = { runScripts: 'outside-only', virtualConsole: console_ };
const { window } = new JSDOM('<!doctype html>', options);
window.eval(readFileSync('out.js', 'utf8'));
`;

const domRow = {
  name: 'jsdom',
  uses: 'a script in its window',
  needs: ['tools'],
  async run(context) {
    const files = {
      'main.mjs': programs.mainModule,
      'exercise.mjs': programs.exerciseModule(context.memory),
      'dom.mjs': domProgram,
    };
    const cwd = await project(context.workspace, 'jsdom', files);
    const args = ['main.mjs', '--bundle', '--outfile=out.js', '--log-level=warning'];
    await output(context.tool('.bin/esbuild'), args, { cwd });
    const printed = await output(context.tool('node24/bin/node'), ['dom.mjs'], { cwd });
    programs.checkResults(printed, [context.expected('wasm')]);
  },
};

export default [
  row('Vitest', 'native', { test: 'a.test.mjs', args: vitest }),
  row('Vitest with jsdom', 'native', {
    test: 'a.test.mjs',
    args: [...vitest, '--environment', 'jsdom'],
  }),
  row('Jest, CommonJS', 'native', { test: 'a.test.cjs', manifest: commonJest, args: jest }),
  row('Jest, ES modules', 'native', {
    test: 'a.test.mjs',
    manifest: esmJest,
    args: jest,
    env: vmModules,
  }),
  row('Jest with jsdom', 'wasm', { test: 'a.test.cjs', manifest: domJest, args: jest }),
  domRow,
];
