# SPDX-License-Identifier: MIT
"""check.py - the C library against reference.py: surprises, memories, outputs, log-probabilities.

What may differ is what single precision (one rounding: 2^-24, relative) can explain, and no more:

- A token's feature goes through about d / 16 + 8 roundings (sum of squares, root, divisions), a
  row of W times a feature through d / 4 + 2, an update through 3. The numbers are of the order of 1
  here, and an update with a rate below 2 never enlarges an error, so after t tokens a reading is
  within t (d / 2 + 16) 2^-24, and a surprise, which is a square, within twice that.
- An output multiplies a reading rounded to int8. Where the reading lies so near to the middle of
  two integers that its own error decides, the output may be one step off for each such value.
- The language model is run without int8, so nothing is rounded to integers; its bound counts the
  roundings of a token through all layers.

The last lines are controls: the same comparison with a wrong reference must fail by far.
"""
import array
import json
import pathlib
import random
import struct
import sys

import reference

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))
import bit_llama  # noqa: E402
import bit_ttt  # noqa: E402

EPS = 2.0**-24
MEMORIES = {"reconstruct": reference.Reconstruct, "predict": reference.Predict}


class Worst:
    """The largest difference in relation to what is allowed."""

    def __init__(self):
        self.difference = self.allowed = self.ratio = 0.0

    def see(self, a, b, allowed):
        difference = abs(a - b)
        if self.ratio == self.ratio and not difference / allowed <= self.ratio:  # a NaN stays
            self.difference, self.allowed, self.ratio = difference, allowed, difference / allowed


def floats(values):
    """The same values as exact single-precision numbers."""
    return list(array.array("f", values))


def tokens(dim, count, seed):
    """Six patterns in turn, each time a little different; none that an int8 rounding could tip."""
    rng = random.Random(seed)
    patterns = [[rng.uniform(-1, 1) for _ in range(dim)] for _ in range(6)]
    while count > 0:
        token = floats(x + rng.uniform(-0.1, 0.1) for x in patterns[count % 6])
        if min(reference.quantize(token)[2]) > 127 * 4 * EPS:
            count -= 1
            yield token


def matrix(values, rows, columns):
    """[rows][columns] from a flat array that is [columns][rows]."""
    return [[values[j * rows + i] for j in range(columns)] for i in range(rows)]


def output_bound(layer, allowed):
    """How far an output may be off, given that of a reading."""
    steps = sum(1 for margin in layer.margins_out if margin <= allowed * layer.scale + 256 * EPS)
    return len(layer.reading) * allowed + steps / layer.scale + 8 * EPS


def check_layer(objective, rate, dim, wrong=None):
    """Worst differences of surprise, output and memory over 60 tokens; wrong: of that objective."""
    d = dim // 4
    library = bit_ttt.Layer(dim, objective=objective, inner_lr=rate, seed=dim)
    down, up = library.get_weights()
    memory = MEMORIES[wrong or objective](d, library.inner_lr)
    layer = reference.Layer(matrix(down, d, dim), matrix(up, dim, d), memory)
    surprise, output, w = Worst(), Worst(), Worst()
    for t, token in enumerate(tokens(dim, 60, seed=dim), 1):
        allowed = t * (d / 2 + 16) * EPS
        expected, foreseen = layer.step(token)
        found, surprises = library.observe(token)
        surprise.see(surprises[0], foreseen, 2 * allowed)
        for a, b in zip(found, expected):
            output.see(a, b, output_bound(layer, allowed))
    for a, b in zip(library.memory(), (x for row in memory.w for x in row)):
        w.see(a, b, allowed)
    return {"surprise": surprise, "output": output, "memory": w}


# ---- the language model ------------------------------------------------------------------------

CONFIG = {"format_version": 2, "vocab_size": 32, "hidden_dim": 64, "num_layers": 3, "mlp_dim": 32,
          "inner_dim": 32, "head_dim": 16, "inner_lr": 0.5, "norm_eps": 1e-5,
          "mixers": ["reconstruct", "predict", "induction"],
          "bitlinear": {"rescale": False, "quantize_activations": False}}


def random_weights(rng):
    """Tensors by name. Ternary ones are -1, 0, 1; rows stored as int8 hold k / 128 with one of 127,
    so that storing them loses nothing."""
    dim, mlp, inner = CONFIG["hidden_dim"], CONFIG["mlp_dim"], CONFIG["inner_dim"]
    weights = {}

    def ternary(name, rows, columns):
        weights[name] = [[float(rng.randrange(3) - 1) for _ in range(columns)] for _ in range(rows)]

    def int8(name, rows):
        weights[name] = [[127 / 128] + [rng.randrange(-127, 128) / 128 for _ in range(dim - 1)]
                         for _ in range(rows)]

    def dense(name, count, centre, spread):
        weights[name] = floats(rng.uniform(centre - spread, centre + spread) for _ in range(count))

    int8("embed.weight", CONFIG["vocab_size"])
    for i, mixer in enumerate(CONFIG["mixers"]):
        layer = f"layers.{i}."
        for name in ("norm1", "norm2"):
            dense(f"{layer}{name}.weight", dim, 0.2, 0.1)
        if mixer == "induction":
            for name, rows, columns in (("key", inner, dim), ("value", inner, dim),
                                        ("out", dim, inner)):
                ternary(f"{layer}induction.{name}.weight", rows, columns)
            weights[f"{layer}induction.gates.weight"] = [
                floats(rng.uniform(-0.2, 0.2) for _ in range(dim)) for _ in range(16)]
            dense(f"{layer}induction.gates.bias", 16, 1, 1)
        else:
            ternary(f"{layer}ttt.down.weight", dim // 4, dim)
            ternary(f"{layer}ttt.up.weight", dim, dim // 4)
        for name, rows, columns in (("gate", mlp, dim), ("up", mlp, dim), ("down", dim, mlp)):
            ternary(f"{layer}mlp.{name}_proj.weight", rows, columns)
    dense("norm_f.weight", dim, 0.5, 0.2)
    int8("lm_head.weight", CONFIG["vocab_size"])
    return weights


def safetensors(weights):
    """The bytes of a safetensors file of float32 tensors."""
    header, body = {}, b""
    for name, values in weights.items():
        rows = values if isinstance(values[0], list) else [values]
        data = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
        shape = [len(rows), len(rows[0])] if rows is values else [len(values)]
        header[name] = {"dtype": "F32", "shape": shape,
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def check_model(wrong=None):
    """Worst differences of log-probability and surprise over 48 tokens of three layers, a memory
    each; wrong: the reference has that mixer in all of the first two."""
    rng = random.Random(5)
    weights = random_weights(rng)
    model = bit_llama.Model(safetensors(weights), json.dumps(CONFIG).encode())
    config = dict(CONFIG, mixers=[wrong, wrong, "induction"]) if wrong else CONFIG
    expected, session = reference.Llama(config, weights), model.session(recall=False)
    phrase = [rng.randrange(CONFIG["vocab_size"]) for _ in range(12)]
    logprob, surprise = Worst(), Worst()
    for t, token in enumerate(phrase * 4, 1):
        roundings = len(CONFIG["mixers"]) * (2 * CONFIG["hidden_dim"] + CONFIG["mlp_dim"])
        size = max(1.0, max(abs(v) for v in expected.logits))
        (found,), (found_surprise,) = session.read([token])
        likely, foreseen = expected.read(token)
        logprob.see(found, likely, t * roundings * size * EPS)
        surprise.see(found_surprise, foreseen, t * roundings * max(1.0, foreseen) * EPS)
    return {"log-probability": logprob, "surprise": surprise}


def report(title, results):
    good = True
    for name, worst in results.items():
        fits = worst.ratio <= 1
        good = good and fits
        print(f"{title:<34} {name:<16} {worst.difference:9.1e} of {worst.allowed:7.1e}"
              f"  {'ok' if fits else 'TOO MUCH'}")
    return good


def main():
    good = True
    for objective in MEMORIES:
        for rate, dim in ((0.1, 64), (0.5, 64), (1.5, 64), (0.5, 100)):
            title = f"{objective}, rate {rate}, dim {dim}"
            good = report(title, check_layer(objective, rate, dim)) and good
    good = report("model of all three memories", check_model()) and good
    print("controls, with another objective in the reference:")
    controls = {**check_layer("predict", 0.5, 64, wrong="reconstruct"),
                "log-probability": check_model(wrong="predict")["log-probability"]}
    for name, worst in controls.items():
        print(f"{name:<51} {worst.difference:9.1e} of {worst.allowed:7.1e}")
        good = good and worst.ratio > 100
    if not good:
        sys.exit("Failure: the library and the reference disagree, or a control does not")
    print("Success")


if __name__ == "__main__":
    try:
        main()
    except bit_ttt.BitTTTError as error:
        sys.exit(str(error))
