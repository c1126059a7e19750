/**
 * onnx.mjs - the layer as an ONNX graph: a Scan over the tokens whose state is the memory. A small writer
 * of the protobuf messages that this needs (onnx.proto: ModelProto, GraphProto, NodeProto, ...).
 * SPDX-License-Identifier: MIT
 */

/** An unsigned number, seven bits a byte. */
function varint(value) {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => {
  const content = Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
};
const all = (field, list, encode) => list.map((one) => bytes(field, encode(one)));

const FLOAT = 1;
const INT64 = 7;

function tensor({ name, dims, data }) {
  const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const type = data instanceof BigInt64Array ? INT64 : FLOAT;
  return Buffer.concat([
    ...dims.map((n) => number(1, n)),
    number(2, type),
    bytes(8, name),
    bytes(9, raw),
  ]);
}

/** dims: numbers, or names of lengths that are free. */
function valueInfo({ name, dims }) {
  const shape = Buffer.concat(
    dims.map((n) => bytes(1, typeof n === 'number' ? number(1, n) : bytes(2, n))),
  );
  const type = bytes(1, Buffer.concat([number(1, FLOAT), bytes(2, shape)]));
  return Buffer.concat([bytes(1, name), bytes(2, type)]);
}

function attribute([name, value]) {
  const head = bytes(1, name);
  if (typeof value === 'number') return Buffer.concat([head, number(3, value), number(20, 2)]);
  if (Array.isArray(value))
    return Buffer.concat([head, ...value.map((n) => number(8, n)), number(20, 7)]);
  return Buffer.concat([head, bytes(6, value), number(20, 5)]); // a graph
}

const node = ({ op, inputs, outputs, attributes = {} }) =>
  Buffer.concat([
    ...inputs.map((name) => bytes(1, name)),
    ...outputs.map((name) => bytes(2, name)),
    bytes(4, op),
    ...all(5, Object.entries(attributes), attribute),
  ]);

const graph = ({ name, nodes, constants, inputs, outputs }) =>
  Buffer.concat([
    ...all(1, nodes, node),
    bytes(2, name),
    ...all(5, constants, tensor),
    ...all(11, inputs, valueInfo),
    ...all(12, outputs, valueInfo),
  ]);

const scalar = (name, value) => ({ name, dims: [], data: Float32Array.of(value) });

/** Nodes of q(x) = sign(x s) floor(|x s| + 0.5), s = 127 / max |x|; `prefix` keeps names apart. */
function quantise(x, prefix) {
  const n = (name) => `${prefix}_${name}`;
  return [
    { op: 'Abs', inputs: [x], outputs: [n('abs')] },
    { op: 'ReduceMax', inputs: [n('abs')], outputs: [n('max')], attributes: { keepdims: 1 } },
    { op: 'Max', inputs: [n('max'), 'tiny'], outputs: [n('most')] },
    { op: 'Div', inputs: ['c127', n('most')], outputs: [n('scale')] },
    { op: 'Mul', inputs: [n('abs'), n('scale')], outputs: [n('scaled')] },
    { op: 'Add', inputs: [n('scaled'), 'half'], outputs: [n('raised')] },
    { op: 'Floor', inputs: [n('raised')], outputs: [n('whole')] },
    { op: 'Sign', inputs: [x], outputs: [n('sign')] },
    { op: 'Mul', inputs: [n('whole'), n('sign')], outputs: [n('q')] },
  ];
}

/**
 * The layer (reconstruct) of `dim` floats: inputs x [tokens][dim] and w [d][d], outputs y and w after.
 * down [dim][d], up [d][dim]: -1, 0 or 1.
 */
export function layerGraph({ dim, rate, down, up }) {
  const d = dim / 4;
  const nodes = [
    { op: 'Unsqueeze', inputs: ['x_t', 'axis0'], outputs: ['x_row'] }, // [1][dim]
    ...quantise('x_row', 'in'),
    { op: 'MatMul', inputs: ['in_q', 'down'], outputs: ['sums'] },
    { op: 'Div', inputs: ['sums', 'in_scale'], outputs: ['raw'] },
    { op: 'ReduceL2', inputs: ['raw'], outputs: ['norm'], attributes: { axes: [1], keepdims: 1 } },
    { op: 'Max', inputs: ['norm', 'least'], outputs: ['length'] },
    { op: 'Div', inputs: ['raw', 'length'], outputs: ['f'] }, // [1][d]
    { op: 'Transpose', inputs: ['w_in'], outputs: ['w_turned'], attributes: { perm: [1, 0] } },
    { op: 'MatMul', inputs: ['f', 'w_turned'], outputs: ['p'] }, // (W f) as a row
    { op: 'Sub', inputs: ['p', 'f'], outputs: ['error'] },
    { op: 'Mul', inputs: ['error', 'rate'], outputs: ['step'] },
    { op: 'Transpose', inputs: ['step'], outputs: ['column'], attributes: { perm: [1, 0] } },
    { op: 'MatMul', inputs: ['column', 'f'], outputs: ['update'] },
    { op: 'Sub', inputs: ['w_in', 'update'], outputs: ['w_out'] },
    ...quantise('p', 'out'),
    { op: 'MatMul', inputs: ['out_q', 'up'], outputs: ['back'] },
    { op: 'Div', inputs: ['back', 'out_scale'], outputs: ['projected'] },
    { op: 'Add', inputs: ['projected', 'x_row'], outputs: ['y_row'] },
    { op: 'Squeeze', inputs: ['y_row', 'axis0'], outputs: ['y_t'] },
  ];
  const body = graph({
    name: 'token',
    nodes,
    constants: [],
    inputs: [
      { name: 'w_in', dims: [d, d] },
      { name: 'x_t', dims: [dim] },
    ],
    outputs: [
      { name: 'w_out', dims: [d, d] },
      { name: 'y_t', dims: [dim] },
    ],
  });
  const scan = {
    op: 'Scan',
    inputs: ['w', 'x'],
    outputs: ['w_after', 'y'],
    attributes: { body, num_scan_inputs: 1 },
  };
  const whole = graph({
    name: 'layer',
    nodes: [scan],
    constants: [
      { name: 'down', dims: [dim, d], data: Float32Array.from(down) },
      { name: 'up', dims: [d, dim], data: Float32Array.from(up) },
      { name: 'axis0', dims: [1], data: BigInt64Array.of(0n) },
      scalar('c127', 127),
      scalar('half', 0.5),
      scalar('tiny', 1e-9),
      scalar('least', 1e-6),
      scalar('rate', rate),
    ],
    inputs: [
      { name: 'w', dims: [d, d] },
      { name: 'x', dims: ['tokens', dim] },
    ],
    outputs: [
      { name: 'w_after', dims: [d, d] },
      { name: 'y', dims: ['tokens', dim] },
    ],
  });
  const opset = number(2, 13);
  return Buffer.concat([number(1, 7), bytes(7, whole), bytes(8, opset)]);
}
