/**
 * rate.mjs - how contestants in JavaScript take the time, in Node and on a page.
 * SPDX-License-Identifier: MIT
 */

/**
 * Turns a second of `run`, for about that many seconds: the fastest of six slices, as the measuring
 * program in C does it.
 * @param {number} seconds
 * @param {(turns: number) => Promise<void> | void} run does it `turns` times
 */
export async function rate(seconds, run) {
  const time = async (turns) => {
    const begin = performance.now();
    await run(turns);
    return (performance.now() - begin) / 1000;
  };
  let turns = 1;
  let taken = await time(1);
  for (; taken < seconds / 8; taken = await time(turns)) turns *= 2;
  let best = taken / turns;
  const slices = taken > seconds ? 1 : 5; // what takes long for one turn is not asked six times
  for (let i = 0; i < slices; i++) best = Math.min(best, (await time(turns)) / turns);
  return 1 / best;
}
