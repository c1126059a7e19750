/**
 * points.ts - which of many points a curve shows, so that no peak and no alarm is lost.
 * SPDX-License-Identifier: MIT
 */

/** Most points of a curve: more could not be distinguished. */
const MAX_POINTS = 3000;

/** Of each group of neighbours the index of the highest value, with `both` the lowest too, or of an alarm. */
export function pointsOf(
  values: readonly number[],
  alarms: readonly boolean[],
  both: boolean,
): Uint32Array {
  const each = both ? 2 : 1;
  const size = Math.max(each, Math.ceil((each * values.length) / MAX_POINTS));
  const points: number[] = [];
  for (let from = 0; from < values.length; from += size) {
    const to = Math.min(values.length, from + size);
    let [low, high, alarm] = [from, from, -1];
    for (let i = from; i < to; i++) {
      if (!(values[i]! >= values[low]!)) low = i;
      if (!(values[i]! <= values[high]!)) high = i;
      if (alarms[i] && (alarm < 0 || values[i]! > values[alarm]!)) alarm = i;
    }
    const chosen = new Set(both ? [low, high] : []);
    if (alarm >= 0) chosen.add(alarm);
    else if (!both) chosen.add(high);
    points.push(...[...chosen].sort((a, b) => a - b));
  }
  return Uint32Array.from(points);
}
