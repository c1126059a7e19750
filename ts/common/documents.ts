/**
 * documents.ts - cuts a text that comes in pieces into documents.
 * SPDX-License-Identifier: MIT
 */

/** A line between documents. Within a line it is text like any other. */
const SEPARATOR_LINE = /^[ \t]*<\|endoftext\|>[ \t]*\r?$/m;

/**
 * Cuts a text into the parts between lines `<|endoftext|>`, without the white space around them; empty
 * ones are left out. The pieces may be cut anywhere. Memory: the document that has begun.
 */
export class DocumentSplitter {
  /** The document that has begun, but for its last line; and that line as far as it has come. */
  #document: string[] = [];
  #line: string[] = [];

  /** Takes the next piece, and gives the documents that it ends. */
  add(piece: string): string[] {
    const end = piece.lastIndexOf('\n') + 1;
    if (end === 0) {
      if (piece !== '') this.#line.push(piece);
      return [];
    }
    const lines = [...this.#line, piece.slice(0, end)].join('');
    this.#line = end < piece.length ? [piece.slice(end)] : [];
    return this.#cut(lines);
  }

  /** The rest, at the end of the text. */
  end(): string[] {
    const found = this.#cut(this.#line.join(''));
    this.#line = [];
    return [...found, ...this.#finish()];
  }

  #cut(lines: string): string[] {
    const [first, ...others] = lines.split(SEPARATOR_LINE);
    const found: string[] = [];
    this.#document.push(first!);
    for (const other of others) {
      found.push(...this.#finish());
      this.#document.push(other);
    }
    return found;
  }

  #finish(): string[] {
    const document = this.#document.join('').trim();
    this.#document = [];
    return document === '' ? [] : [document];
  }
}
