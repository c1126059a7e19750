// Loads the addon named on the command line and prints the hashes of each kernel's results.
// SPDX-License-Identifier: MIT
const { writeSync } = require('node:fs');

const addon = require(process.argv[2]);
for (const { name: kernel, usable } of addon.kernels()) {
  if (!usable) continue;
  const status = addon.setKernel(kernel);
  if (status !== 0) throw new Error(`${kernel}: ${addon.statusString(status)}`);
  const hashes = [addon.conformanceHash(), addon.llamaConformanceHash()];
  writeSync(1, `${kernel}=${hashes.map((hash) => hash.toString(16)).join(' ')}\n`);
}
