// shards.mjs - a safetensors file cut into shards with their index, as other programs write them.
// SPDX-License-Identifier: MIT

/** The header and the data of a safetensors file. */
function parse(file) {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const length = Number(bytes.readBigUInt64LE());
  const { __metadata__: metadata, ...tensors } = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  return { metadata, tensors, data: bytes.subarray(8 + length) };
}

function write(tensors, data, metadata) {
  const header = metadata ? { __metadata__: metadata } : {};
  const parts = [];
  let at = 0;
  for (const [
    name,
    {
      data_offsets: [begin, end],
      ...rest
    },
  ] of tensors) {
    header[name] = { ...rest, data_offsets: [at, at + end - begin] };
    parts.push(data.subarray(begin, end));
    at += end - begin;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return new Uint8Array(Buffer.concat([length, text, ...parts]));
}

/** {index, shards: [{name, bytes}]} of `count` files; the first has the metadata, unless without. */
export function cutIntoShards(file, count, { metadata = true } = {}) {
  const whole = parse(file);
  const map = {};
  const shards = Array.from({ length: count }, (_, k) => {
    const name = `model-${String(k + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;
    const own = Object.entries(whole.tensors).filter((_, i) => i % count === k);
    for (const [tensor] of own) map[tensor] = name;
    return {
      name,
      bytes: write(own, whole.data, k === 0 && metadata ? whole.metadata : undefined),
    };
  });
  const text = JSON.stringify({ metadata: { total_size: whole.data.length }, weight_map: map });
  return { index: new TextEncoder().encode(text), map, shards, config: whole.metadata?.config };
}
