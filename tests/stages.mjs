// stages.mjs - the stages of `npm test`: what each runs, and how long that takes. No packages are needed to read
// this, since none may be installed yet.
// SPDX-License-Identifier: MIT

const mocha = (folder) => [
  process.execPath,
  'node_modules/mocha/bin/mocha.js',
  '--reporter=tests/support/reporter.cjs',
  `${folder}/*.test.mjs`,
];

/** Each prints lines with counts that tests/run.mjs adds up; `minutes` on a quiet machine with two cores. */
export const stages = {
  lint: {
    title: 'types, lint and formatting',
    minutes: 1,
    command: [process.execPath, 'scripts/check.mjs', 'types', 'lint', 'format'],
  },
  c: {
    title: 'C core on every kernel, compiler and sanitizer',
    minutes: 9,
    command: ['sh', 'tests/tools/native-matrix.sh'],
  },
  js: {
    title: 'both backends, command line, package, browser, documentation',
    minutes: 9,
    command: mocha('tests/js'),
  },
  demo: {
    title: 'demo page in Chromium, Firefox and WebKitGTK',
    minutes: 5,
    command: mocha('tests/demo'),
  },
  packages: {
    title: 'the packed package in other runtimes, bundlers, test runners and browser settings',
    minutes: 3,
    command: [process.execPath, 'tests/packages/matrix.mjs'],
  },
  languages: {
    title: 'installed library; Python, C, C++, C#, Unity, research',
    minutes: 2,
    command: mocha('tests/languages'),
  },
};

/** A whole build, for those who wait for it. */
const BUILD_MINUTES = 1;

/** The stages of these names, or all; ends this process if one does not exist. */
export function chosenStages(names) {
  const unknown = names.filter((name) => !Object.hasOwn(stages, name));
  if (unknown.length > 0) {
    const known = Object.keys(stages).join(', ');
    console.error(`no stage ${unknown.join(', ')}; there are: ${known}`);
    process.exit(2);
  }
  const chosen = Object.entries(stages).filter(
    ([name]) => names.length === 0 || names.includes(name),
  );
  return chosen.map(([name, stage]) => ({ name, ...stage }));
}

/** What will run, and how long it takes on a quiet machine with two cores. */
export function plan(chosen) {
  const parts = [{ name: 'build', minutes: BUILD_MINUTES }, ...chosen];
  const total = parts.reduce((sum, { minutes }) => sum + minutes, 0);
  const list = parts.map(({ name, minutes }) => `${name} ${minutes}`).join(', ');
  return `Minutes on a quiet machine with two cores: ${list}; ${total} in all.`;
}
