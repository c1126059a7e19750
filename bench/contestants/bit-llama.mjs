/**
 * bit-llama.mjs - our language model through JavaScript in Node: `decode N SECONDS` (greedy) and
 * `prefill N SECONDS`, through generate(), give tokens/s.
 * Usage: node bit-llama.mjs MODEL.bitt native|wasm
 * SPDX-License-Identifier: MIT
 */
import { BitLlama, getInfo } from 'bit-ttt';
import { jobsOf } from '../lib/llama-jobs.mjs';
import { serveJobs } from '../lib/contestant.mjs';

const [path, backend] = process.argv.slice(2);
const model = await BitLlama.load(path, { backend });
const { version, kernel } = await getInfo({ backend });
await serveJobs(`${version} ${kernel}`, jobsOf(model));
