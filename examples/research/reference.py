# SPDX-License-Identifier: MIT
"""reference.py - every objective of Bit-TTT in plain Python and double precision, and a picture.

Written to be read and changed: lists and loops, nothing fast, nothing of the C library. check.py
holds the library against it. Matrices are lists of rows.

Run by itself it shows four patterns in turn, round after round, to the three memories, and prints
how surprised each is. `reference.py surprise.svg` draws it too, where there is matplotlib.
"""
import math
import random
import sys

# ---- vectors -----------------------------------------------------------------------------------


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b))


def times(matrix, x):
    return [dot(row, x) for row in matrix]


def distance2(a, b):
    return math.fsum((x - y) ** 2 for x, y in zip(a, b))


def zeros(n):
    return [[0.0] * n for _ in range(n)]


def learn(w, error, key, rate):
    """One step of gradient descent on |W key - target|^2 / 2, in place: error = W key - target."""
    for row, e in zip(w, error):
        for j, k in enumerate(key):
            row[j] -= rate * e * k


def unit(x):
    """x at length 1; what is shorter than 1e-6 stays as it is."""
    length = math.sqrt(dot(x, x))
    return [v / length for v in x] if length > 1e-6 else list(x)


# ---- the three memories ------------------------------------------------------------------------

class Reconstruct:
    """W learns f(t) -> f(t), the original engine's objective: read, then update."""

    def __init__(self, d, rate):
        self.w, self.rate = zeros(d), rate

    def step(self, f):
        """Returns what is read for f, and the surprise."""
        reading = times(self.w, f)
        error = [r - x for r, x in zip(reading, f)]
        learn(self.w, error, f, self.rate)
        return reading, dot(error, error)


class Predict:
    """W learns f(t-1) -> f(t): update, then read. The first key is zero."""

    def __init__(self, d, rate):
        self.w, self.key, self.rate = zeros(d), [0.0] * d, rate

    def step(self, f):
        error = [p - x for p, x in zip(times(self.w, self.key), f)]
        learn(self.w, error, self.key, self.rate)
        self.key = f
        return times(self.w, f), dot(error, error)


class Induction:
    """S learns e(t-1) -> v(t), a value of its own, and forgets: the language model's memory.

    alpha, what is kept, and beta, how much is learnt, come with each token."""

    def __init__(self, d):
        self.s, self.key = zeros(d), [0.0] * d

    def step(self, e, v, alpha, beta):
        """Returns what is read for e, and the squared error of the prediction of v."""
        self.s = [[alpha * x for x in row] for row in self.s]
        error = [p - x for p, x in zip(times(self.s, self.key), v)]
        learn(self.s, error, self.key, beta)
        self.key = e
        return times(self.s, e), dot(error, error)


# ---- the layer ---------------------------------------------------------------------------------

def quantize(x):
    """x as integers of -127 to 127 (halves away from zero) and the scale: x ~ integers / scale.
    Also, for each, how far it is from being rounded the other way."""
    largest = max(abs(v) for v in x)
    scale = 127 / largest if largest > 1e-9 else 1.0
    integers = [math.copysign(math.floor(abs(v * scale) + 0.5), v) for v in x]
    margins = [0.5 - abs(v * scale - q) for v, q in zip(x, integers)]
    return integers, scale, margins


class Layer:
    """Ternary projection down, a memory of unit features, ternary projection up, plus the input."""

    def __init__(self, down, up, memory):
        self.down, self.up, self.memory = down, up, memory  # [d][D], [D][d], a memory as above

    def step(self, x):
        """One token: output and surprise; what is rounded on the way is kept for check.py."""
        integers, scale, self.margins_in = quantize(x)
        f = unit([v / scale for v in times(self.down, integers)])
        self.reading, surprise = self.memory.step(f)
        integers, self.scale, self.margins_out = quantize(self.reading)
        y = [v / self.scale + r for v, r in zip(times(self.up, integers), x)]
        return y, surprise


# ---- the language model ------------------------------------------------------------------------

def rmsnorm(x, weight, eps):
    scale = 1 / math.sqrt(dot(x, x) / len(x) + eps)
    return [v * scale * w for v, w in zip(x, weight)]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def log_softmax(logits):
    largest = max(logits)
    total = math.log(math.fsum(math.exp(v - largest) for v in logits))
    return [v - largest - total for v in logits]


class Llama:
    """Bit-Llama with weights as they are (neither rescaled nor with int8 activations).

    weights: the tensors of the file by name, each a list of rows or a list."""

    def __init__(self, config, weights):
        self.c, self.w = config, weights
        self.memories = [self._memories(mixer) for mixer in config["mixers"]]
        self.logits = [0.0] * config["vocab_size"]

    def _memories(self, mixer):
        c, d = self.c, self.c["hidden_dim"] // 4
        if mixer == "induction":
            return [Induction(c["head_dim"]) for _ in range(c["inner_dim"] // c["head_dim"])]
        return [{"reconstruct": Reconstruct, "predict": Predict}[mixer](d, c["inner_lr"])]

    def read(self, token):
        """Log-probability of the token before it was read, and its surprise."""
        logprob = log_softmax(self.logits)[token]
        x, surprises = self.w["embed.weight"][token], []
        for i, mixer in enumerate(self.c["mixers"]):
            w = {name: self.w[f"layers.{i}.{name}.weight"] for name in ("norm1", "norm2")}
            n = rmsnorm(x, w["norm1"], self.c["norm_eps"])
            added, surprise = (self._induction if mixer == "induction" else self._ttt)(i, n)
            x = [a + b for a, b in zip(x, added)]
            surprises.append(surprise)
            added = self._feed_forward(i, rmsnorm(x, w["norm2"], self.c["norm_eps"]))
            x = [a + b for a, b in zip(x, added)]
        n = rmsnorm(x, self.w["norm_f.weight"], self.c["norm_eps"])
        self.logits = times(self.w["lm_head.weight"], n)
        return logprob, sum(surprises) / len(surprises)

    def _ttt(self, i, n):
        f = unit(times(self.w[f"layers.{i}.ttt.down.weight"], n))
        reading, surprise = self.memories[i][0].step(f)
        return times(self.w[f"layers.{i}.ttt.up.weight"], reading), surprise / dot(f, f)

    def _induction(self, i, n):
        w = {name: self.w[f"layers.{i}.induction.{name}.weight"]
             for name in ("key", "value", "out", "gates")}
        e, v = times(w["key"], n), times(w["value"], n)
        bias = self.w[f"layers.{i}.induction.gates.bias"]
        gates = [sigmoid(a + b) for a, b in zip(times(w["gates"], n), bias)]
        width, heads = self.c["head_dim"], len(self.memories[i])
        reading, error = [], 0.0
        for h, memory in enumerate(self.memories[i]):
            part = slice(h * width, (h + 1) * width)
            read, squared = memory.step(unit(e[part]), v[part], gates[h], gates[heads + h])
            reading += read
            error += squared
        return times(w["out"], reading), error / dot(v, v)

    def _feed_forward(self, i, n):
        gate, up, down = (self.w[f"layers.{i}.mlp.{name}_proj.weight"]
                          for name in ("gate", "up", "down"))
        return times(down, [g * sigmoid(g) * u for g, u in zip(times(gate, n), times(up, n))])


# ---- surprise over repeated patterns -----------------------------------------------------------

def repeated(rounds=10, patterns=4, dim=64, seed=1):
    """Mean surprise of each round, by objective: the same patterns in turn in every round."""
    rng = random.Random(seed)

    def ternary(rows, columns):
        return [[rng.randrange(3) - 1 for _ in range(columns)] for _ in range(rows)]

    down, up, d = ternary(dim // 4, dim), ternary(dim, dim // 4), dim // 4
    shown = [[rng.uniform(-1, 1) for _ in range(dim)] for _ in range(patterns)]
    features = [unit([rng.gauss(0, 1) for _ in range(d)]) for _ in range(patterns)]
    layers = {"reconstruct": Layer(down, up, Reconstruct(d, 0.1)),
              "predict": Layer(down, up, Predict(d, 0.5))}
    induction, found = Induction(d), {"reconstruct": [], "predict": [], "induction": []}
    for _ in range(rounds):
        for name, layer in layers.items():
            found[name].append(sum(layer.step(x)[1] for x in shown) / patterns)
        found["induction"].append(sum(induction.step(f, f, 0.98, 0.5)[1]
                                      for f in features) / patterns)
    return found


def draw(found, path):
    """The picture, if there is matplotlib; says so if there is none."""
    try:
        import matplotlib
    except ImportError:
        return "no matplotlib here: no picture"
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(6, 3.5))
    for name, values in found.items():
        axes.plot(range(1, len(values) + 1), values, marker="o", label=name)
    axes.set(xlabel="round", ylabel="mean surprise", ylim=(0, None))
    axes.set_title("Four patterns, shown again and again")
    axes.legend()
    figure.tight_layout()
    try:
        figure.savefig(path)
    except (OSError, ValueError, RuntimeError) as error:  # no such folder or kind of picture
        sys.exit(f"cannot draw {path}: {error}")
    return f"drawn to {path}"


def main(path=None):
    found = repeated()
    print("round " + "".join(f" {name:<26}" for name in found).rstrip())
    for i in range(len(found["predict"])):
        bars = (f" {v[i]:.3f} {'#' * round(20 * min(v[i], 1)):<20}" for v in found.values())
        print(f"{i + 1:5} " + "".join(bars).rstrip())
    if path:
        print(draw(found, path))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit("usage: reference.py [PICTURE]")
    main(*sys.argv[1:])
