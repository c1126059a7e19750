// Loads the addon named on the command line and prints the hashes of each kernel's results.
// SPDX-License-Identifier: MIT
const { writeSync } = require('node:fs');

const addon = require(process.argv[2]);
for (const kernel of addon.info().kernels) {
  const status = addon.setKernel(kernel);
  if (status !== 0) throw new Error(`${kernel}: status ${status}`);
  const parts = [addon.layers, addon.models, addon.recalls];
  const hashes = parts.map((part) => part.conformanceHash());
  writeSync(1, `${kernel}=${hashes.map((hash) => hash.toString(16)).join(' ')}\n`);
}
