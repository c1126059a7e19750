/**
 * refused-state.ts - says what is wrong with a saved state that was refused.
 * SPDX-License-Identifier: MIT
 */
import type { TTTError } from '../common/errors.js';
import { errorOf, statusOf } from '../common/errors.js';
import type { LayerConfig } from './config.js';

// Where the fields are: src/ttt/state.c.
const AT_VERSION = 8;
const AT_SIZE = 12;
const AT_DIM = 16;
const AT_OBJECTIVE = 40;
const AT_RATE = 44;
const AT_FORGETTING = 48;
const AT_RIDGE = 52;
const HEADER = 64;

/** A float of the header as it was once written. */
function floatAt(header: DataView, at: number): number {
  return Number(header.getFloat32(at, true).toPrecision(7));
}

function ruleMismatch(header: DataView, layer: LayerConfig): string {
  const rule = header.getUint32(AT_VERSION, true) === 1 ? 'gradient' : 'rls';
  if (rule !== layer.rule) return `rule '${rule}', this one has '${layer.rule}'`;
  const forgetting = floatAt(header, AT_FORGETTING);
  const ridge = floatAt(header, AT_RIDGE);
  return (
    `forgetting ${forgetting} and ridge ${ridge}, ` +
    `this one has ${layer.forgetting} and ${layer.ridge}`
  );
}

/** What the header says about the layer that wrote it; only asked once its checksum was right. */
function mismatch(status: number, header: DataView, layer: LayerConfig): string | undefined {
  const its = 'the state is of a layer with';
  switch (status) {
    case statusOf('STATE_VERSION'):
      return `the state has format ${header.getUint32(AT_VERSION, true)}, this version reads 1 and 2`;
    case statusOf('STATE_DIMENSIONS'): {
      const dim = header.getBigUint64(AT_DIM, true);
      return `${its} hiddenDim ${dim}, this one has ${layer.hiddenDim}`;
    }
    case statusOf('STATE_OBJECTIVE'): {
      const objective = header.getUint32(AT_OBJECTIVE, true) === 0 ? 'reconstruct' : 'predict';
      return `${its} objective '${objective}', this one has '${layer.objective}'`;
    }
    case statusOf('STATE_LEARNING_RATE'): {
      return `${its} innerLr ${floatAt(header, AT_RATE)}, this one has ${layer.innerLr}`;
    }
    case statusOf('STATE_RULE'):
      return `${its} ${ruleMismatch(header, layer)}`;
    default:
      return undefined;
  }
}

/** The error for a state that loadState refused. */
export function stateError(status: number, bytes: Uint8Array, layer: LayerConfig): TTTError {
  if (bytes.length < HEADER) {
    if (status !== statusOf('STATE_DAMAGED')) return errorOf(status);
    return errorOf(
      status,
      `not a saved state: ${bytes.length} bytes, and the header alone has ${HEADER}`,
    );
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  if (status === statusOf('STATE_DAMAGED')) {
    const size = header.getUint32(AT_SIZE, true);
    const cut = header.getUint32(0, true) === 0x54746942 && size !== bytes.length;
    return cut
      ? errorOf(
          status,
          `damaged state: it says it has ${size} bytes, but ${bytes.length} were given`,
        )
      : errorOf(status);
  }
  return errorOf(status, mismatch(status, header, layer));
}
