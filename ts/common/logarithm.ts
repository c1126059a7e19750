/**
 * logarithm.ts - logarithms and powers that are the same to the last bit in every JavaScript engine. Those of `Math`
 * need not be, and what is computed from them would differ from browser to browser.
 * SPDX-License-Identifier: MIT
 */

const bits = new DataView(new ArrayBuffer(8));

/** The natural logarithm of a positive normal number, with an error below 1e-15 of it (or of 1 near 1). */
export function ln(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let m = bits.getFloat64(0); // 1 to 2
  if (m > Math.SQRT2) {
    m /= 2;
    exponent++;
  }
  // ln m = 2 artanh t, by its series; t^2 is below 0.03.
  const t = (m - 1) / (m + 1);
  const s = t * t;
  let sum = 0;
  for (let k = 19; k > 0; k -= 2) sum = sum * s + 1 / k;
  return exponent * Math.LN2 + 2 * t * sum;
}

/** The logarithm to base 2 of a positive normal number. */
export function log2(x: number): number {
  return ln(x) * Math.LOG2E;
}

/** The logarithm to base 10 of a positive normal number. */
export function log10(x: number): number {
  return ln(x) * Math.LOG10E;
}

/** e to the power of a number of at most 700 in magnitude, with an error below 1e-14 of it. */
export function exp(x: number): number {
  const exponent = Math.round(x * Math.LOG2E);
  const r = x - exponent * Math.LN2; // at most 0.35
  let sum = 1;
  for (let k = 14; k > 0; k--) sum = 1 + (r * sum) / k;
  bits.setUint32(0, (exponent + 1023) << 20);
  bits.setUint32(4, 0);
  return sum * bits.getFloat64(0);
}
