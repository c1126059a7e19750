// The anchor of a heading. Without dependencies, as the tests of the Markdown files use it too.
// SPDX-License-Identifier: MIT

/** As the usual hosts of Markdown make it; `taken` counts those of a page, to keep them apart. */
export function slug(text, taken = new Map()) {
  const plain = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
  const times = taken.get(plain) ?? 0;
  taken.set(plain, times + 1);
  return times === 0 ? plain : `${plain}-${times}`;
}
