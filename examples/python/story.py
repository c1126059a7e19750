# SPDX-License-Identifier: MIT
"""story.py - a story from the stories' model of the package: story.py MODEL [SEED]."""
import sys

import bit_llama
import bit_ttt

END_OF_TEXT = 0  # in the vocabulary of the stories' model; before it, a story begins


def main(path, seed="7"):
    model = bit_llama.Model.open(path)
    session = model.session()
    try:
        options = {"seed": int(seed), "max_tokens": 60, "stop": (END_OF_TEXT,)}
    except ValueError:
        sys.exit(f"the seed must be an integer, not {seed}")
    story = list(session.generate([END_OF_TEXT], **options))
    print(model.decode(story))
    print(f"({len(story)} tokens; the session's memory takes {len(session.save())} bytes)")


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: story.py MODEL [SEED]")
    try:
        main(*sys.argv[1:])
    except (bit_ttt.BitTTTError, OSError) as error:
        sys.exit(str(error))
