# SPDX-License-Identifier: MIT
"""example.py - ten tokens through one layer, and a check that its memory has learnt from them."""
import sys

import bit_ttt

DIM, TOKENS = 64, 10


def main():
    tokens = [i % DIM / DIM for i in range(TOKENS * DIM)]  # the same token ten times
    with bit_ttt.Layer(DIM, inner_lr=0.1) as layer:
        before = layer.memory()
        output, surprise = layer.observe(tokens)
        after = layer.memory()
    print(f"Output Shape: {len(output)} floats")

    changed = sum(a != b for a, b in zip(before, after))
    print(f"Memory: {changed} of {len(after)} numbers changed")
    print(f"Surprise: {surprise[0]:.3f} at the first token, {surprise[-1]:.3f} at the last")
    if changed == 0 or not surprise[-1] < surprise[0]:
        sys.exit("Failure: the memory has not learnt what it read")
    print("Success")


if __name__ == "__main__":
    try:
        main()
    except bit_ttt.BitTTTError as error:
        sys.exit(str(error))
