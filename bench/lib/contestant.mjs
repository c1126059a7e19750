/**
 * contestant.mjs - programs that are measured in turn: each lives in a process of its own, idle while
 * another one works, and answers a job a line with a figure a line.
 * SPDX-License-Identifier: MIT
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * @typedef {object} Contestant
 * @property {string} name what reports call it
 * @property {string} [version]
 * @property {(job: string) => Promise<number>} measure the figure, in the case's unit; rejects with
 *   what is wrong
 */

/** What `startProcess` started and nothing has stopped. */
const running = new Set();

/** Ends every process that was started: a suite that fails half way leaves none behind. */
export async function stopAll() {
  await Promise.all([...running].map((process) => process.stop()));
}

/** A contestant that could not be started: what is asked of it is reported as not measured. */
export const absent = (name, error) => ({ name, measure: () => Promise.reject(error) });

/** With these Node.js runs relaxed SIMD; from 22 on it needs none, and may refuse them. */
export const relaxedFlags =
  Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];

/** How long one figure may take. */
const ANSWER_MS = 180_000;

/**
 * Starts a program that answers lines: `READY [version]` once, then for each line that it is sent a
 * number, or `error: ` and what is wrong; it ends with its input. Its stderr is kept for messages.
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {{ready?: boolean, env?: Record<string, string>, cwd?: string}} [options] ready: false if it
 *   does not say READY
 * @returns {Promise<Contestant & {stop: () => Promise<void>}>} stopped by `stopAll` at the latest
 */
export async function startProcess(name, command, args, options = {}) {
  const { ready = true, env, cwd } = options;
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (bytes) => (complaint = (complaint + bytes).slice(-2000)));
  const waiting = [];
  const arrived = [];
  let ended;
  const end = (why) => {
    ended ??= new Error(`${name}: ${why}${complaint ? `: ${complaint.trim()}` : ''}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.on('error', (error) => end(error.message));
  child.on('close', (code) => end(`ended with code ${code}`));
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift();
    if (next) next.resolve(line);
    else arrived.push(line);
  });
  const process_ = {
    name,
    stop: () =>
      new Promise((resolve) => {
        running.delete(process_);
        if (ended) return resolve();
        child.on('close', resolve);
        child.stdin.end();
        setTimeout(() => child.kill('SIGKILL'), 5000).unref();
      }),
  };
  running.add(process_);
  const nextLine = () =>
    new Promise((resolve, reject) => {
      if (arrived.length > 0) return resolve(arrived.shift());
      if (ended) return reject(ended);
      const timer = setTimeout(() => end('no answer in time'), ANSWER_MS);
      const settle = (how) => (value) => {
        clearTimeout(timer);
        how(value);
      };
      waiting.push({ resolve: settle(resolve), reject: settle(reject) });
    });
  let version;
  if (ready) {
    for (;;) {
      const line = await nextLine(); // what a library prints while it loads is passed over
      if (!line.startsWith('READY')) continue;
      version = line.slice(6).trim() || undefined;
      break;
    }
  }
  return Object.assign(process_, {
    version,
    async measure(job) {
      child.stdin.write(`${job}\n`);
      const line = await nextLine();
      const figure = Number(line);
      if (line.trim() === '' || !Number.isFinite(figure))
        throw new Error(`${name}: ${line.replace(/^error: /, '')}`);
      return figure;
    },
  });
}

/**
 * The other side, for contestants written in JavaScript: says READY, then answers each line by what
 * `answer` returns for its words.
 * @param {string} version
 * @param {(words: string[]) => Promise<number> | number} answer
 */
export async function serveJobs(version, answer) {
  process.stdout.write(`READY ${version}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      process.stdout.write(`${await answer(line.trim().split(/\s+/))}\n`);
    } catch (error) {
      process.stdout.write(`error: ${String(error?.message ?? error).replaceAll('\n', ' ')}\n`);
    }
  }
}
