/**
 * model-node.mjs - a model of ours through the package on Node: `node model-node.mjs BACKEND FILE
 * [TOKENS_FILE]` (u32, little-endian).
 * Jobs: see model-session.mjs.
 * SPDX-License-Identifier: MIT
 */
import { readFileSync } from 'node:fs';
import { BitLlama, getInfo } from '../../dist/index.mjs';
import { serveJobs } from '../lib/contestant.mjs';
import { rate } from '../lib/rate.mjs';
import { sessionJobs } from './model-session.mjs';

const [backend, file, tokens] = process.argv.slice(2);
const model = await BitLlama.load(file, { backend });
const { version, kernel } = await getInfo({ backend });
const told = () => new Uint32Array(new Uint8Array(readFileSync(tokens)).buffer);
await serveJobs(
  `${version} ${kernel}, Node ${process.versions.node}`,
  sessionJobs(model, rate, told),
);
