// reporter.cjs - mocha's reporter in `npm test`: one line when a file's tests begin, one when they have ended.
//
// What was skipped and what failed is named; mocha's own closing lines follow. A line that begins with ".. "
// says what runs from now on (tests/run.mjs).
// SPDX-License-Identifier: MIT
const { basename } = require('node:path');
const { Base } = require('mocha').reporters;

module.exports = class FileReporter extends Base {
  #files;
  #file = null;
  #began = 0;
  #passed = 0;
  #failed = 0;

  constructor(runner, options) {
    super(runner, options);
    this.#files = [...new Set(runner.suite.suites.map((suite) => suite.file))];
    runner.on('suite', (suite) => {
      if (suite.file && suite.file !== this.#file) this.#begin(suite.file);
    });
    runner.on('pass', () => {
      this.#passed += 1;
    });
    runner.on('fail', (test) => {
      this.#failed += 1;
      console.log(`FAIL  ${test.fullTitle()}`);
    });
    runner.on('pending', (test) => console.log(`skip  ${test.fullTitle()}`));
    runner.on('end', () => {
      this.#end();
      this.epilogue();
    });
  }

  #begin(file) {
    this.#end();
    this.#file = file;
    this.#began = Date.now();
    this.#passed = 0;
    this.#failed = 0;
    const at = this.#files.indexOf(file) + 1;
    console.log(`.. ${basename(file)}, ${at} of ${this.#files.length}`);
  }

  #end() {
    if (this.#file === null) return;
    const seconds = Math.round((Date.now() - this.#began) / 1000);
    const word = this.#failed === 0 ? 'ok   ' : 'FAIL ';
    console.log(`${word} ${basename(this.#file)}: ${this.#passed} tests (${seconds} s)`);
  }
};
