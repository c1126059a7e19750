# SPDX-License-Identifier: MIT
"""benchmark.py - tokens a second through the wrapper: many tokens a call, and one."""
import array
import statistics
import sys
import time

import bit_ttt

BLOCK = 1000  # tokens a call
ROUNDS = 7


def rate(work, tokens):
    """Median tokens a second; each round lasts at least 20 ms."""
    work()
    begin = time.perf_counter()
    work()
    calls = max(1, int(0.02 / max(time.perf_counter() - begin, 1e-9)))
    rates = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(calls):
            work()
        rates.append(calls * tokens / (time.perf_counter() - begin))
    return statistics.median(rates)


def main():
    print(f"bit-ttt {bit_ttt.version()}, kernel {bit_ttt.kernel()}, one thread")
    print(f"{'dim':>5} {'1,000 a call':>14} {'1 a call':>12}   tokens/s")
    for dim in (64, 128, 256, 512, 1024):
        block = array.array("f", ((i * 7919) % 1000 / 500 - 1 for i in range(BLOCK * dim)))
        one = block[:dim]
        block_out, one_out = block[:], one[:]
        with bit_ttt.Layer(dim) as layer:
            many = rate(lambda: layer.forward(block, block_out), BLOCK)
            single = rate(lambda: layer.forward(one, one_out), 1)
        print(f"{dim:5} {many:14,.0f} {single:12,.0f}")


if __name__ == "__main__":
    try:
        main()
    except bit_ttt.BitTTTError as error:
        sys.exit(str(error))
