// quick.mjs - which tests `npm run check` runs: those that a change most likely breaks, in under a minute on two
// cores. `npm test` runs all of them.
// SPDX-License-Identifier: MIT

/** C test programs that take longer than two seconds; every other one is quick. */
export const slowPrograms = ['test_corpus'];

const quickNames = ['addon', 'api'];

export const quickScripts = quickNames.map((name) => `tests/js/${name}.test.mjs`);
