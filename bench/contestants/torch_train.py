"""torch_train.py - Bit-Llama in training on PyTorch, as `native/main.c` measures ours: the same model,
batch, optimiser and slices. Says READY, then answers a line with a figure:

  train MIXER THREADS [SECONDS]          tokens/s
  check WHAT MIXER WEIGHTS TOKENS STEP   loss or norm (of gradients) of a step, from the weights and
                                         the window of tokens that our trainer had

Each may end with settings of VARIANT, such as chunk=32.

Batched over sequences and heads. Memories are in their closed form, one triangular solve over a whole
window, or one over each of its chunks (torch_memory.py). What PyTorch would do in many passes over
activations has a backward pass of its own. SPDX-License-Identifier: MIT
"""

import ctypes
import json
import struct
import sys
import time

import torch
import torch.nn.functional as F
from torch.autograd import Function

from torch_memory import memory_chunks, memory_whole

VOCAB, DIM, LAYERS, MLP, HEAD = 2048, 128, 4, 512, 32
INNER = {"induction": 64, "reconstruct": DIM // 4, "predict": DIM // 4}
RATE, EPS = 0.1, 1e-5
BATCH, CONTEXT = 16, 128

# How it is computed: tokens a triangular solve (0: the window), type of the large products, rows of
# logits at a time. What is fastest is the default.
VARIANT = {"chunk": 0, "bf16": 0, "rows": 256}


# ---- quantisation ------------------------------------------------------------------------------


def quantize_rows(x):
    """x as int8 kernels see it: each row in steps of its largest magnitude / 127."""
    largest = torch.maximum(x.amax(-1, keepdim=True), x.amin(-1, keepdim=True).neg_())
    step = torch.where(largest > 1e-9, largest / 127, torch.ones_like(largest))
    return (x / step).round_().mul_(step)


def ternarize(w):
    scale = w.abs().mean().clamp_(min=1e-12)
    return (w / scale).round_().clamp_(-1, 1).mul_(scale)


class Quantized(Function):
    """quantize_rows with a straight-through gradient."""

    @staticmethod
    def forward(_, x):
        return quantize_rows(x)

    @staticmethod
    def backward(_, dy):
        return dy


class BitLinear(Function):
    """x of int8 steps times the ternary forms of some weights, side by side."""

    @staticmethod
    def forward(ctx, x, *weights):
        w = torch.cat([ternarize(one) for one in weights])
        if VARIANT["bf16"]:
            x, w = x.bfloat16(), w.bfloat16()
        ctx.save_for_backward(x, w)
        ctx.rows = [one.shape[0] for one in weights]
        return (x @ w.t()).float()

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        dy = dy.to(w.dtype)
        return ((dy @ w).float(), *(dy.t() @ x).float().split(ctx.rows))


# ---- norms, feed-forward, loss -----------------------------------------------------------------


class RMSNorm(Function):
    @staticmethod
    def forward(ctx, x, w):
        inverse = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        inverse = inverse.square_().div_(x.shape[-1]).add_(EPS).rsqrt_()
        unit = x * inverse
        ctx.save_for_backward(unit, inverse, w)
        return unit * w

    @staticmethod
    def backward(ctx, dy):
        unit, inverse, w = ctx.saved_tensors
        along = dy * unit
        dw = along.sum(0)
        mean = (along @ w).div_(w.shape[0]).unsqueeze_(-1)
        return (dy * w).addcmul_(unit, mean, value=-1).mul_(inverse), dw


class SwiGLU(Function):
    @staticmethod
    def forward(ctx, both):
        gate, up = both.chunk(2, -1)
        active = F.silu(gate)
        ctx.save_for_backward(both, active)
        return active * up

    @staticmethod
    def backward(ctx, dh):
        both, active = ctx.saved_tensors
        gate, up = both.chunk(2, -1)
        d = torch.empty_like(both)
        dgate, dup = d.chunk(2, -1)
        torch.mul(dh, active, out=dup)
        torch.ops.aten.silu_backward.grad_input(dh * up, gate, grad_input=dgate)
        return d


class HeadLoss(Function):
    """Mean cross-entropy of x w^T; some rows of logits at a time, which stay in the cache, and their
    gradients at once."""

    @staticmethod
    def forward(ctx, x, w, targets):
        kind = torch.bfloat16 if VARIANT["bf16"] else x.dtype
        x, w, size = x.to(kind), quantize_rows(w).to(kind), VARIANT["rows"]
        dx, dw = torch.empty(x.shape), torch.zeros(w.shape)
        total, scale = 0.0, 1 / x.shape[0]
        for at in range(0, x.shape[0], size):
            rows, own = x[at : at + size], targets[at : at + size, None]
            p = torch.softmax((rows @ w.t()).float(), -1)
            total += p.gather(1, own).log_().sum()
            p.scatter_add_(1, own, torch.full(own.shape, -1.0)).mul_(scale)
            p = p.to(kind)
            dx[at : at + size] = p @ w
            if kind == dw.dtype:
                dw.addmm_(p.t(), rows)
            else:
                dw += p.t() @ rows
        ctx.save_for_backward(dx, dw)
        return total * -scale

    @staticmethod
    def backward(ctx, d):
        dx, dw = ctx.saved_tensors
        return dx * d, dw * d, None


# ---- the model ---------------------------------------------------------------------------------


def shapes(mixer):
    """Names and shapes of all tensors, as our weight files have them."""
    inner, out = INNER[mixer], {"embed.weight": (VOCAB, DIM)}
    for i in range(LAYERS):
        layer = {"norm1.weight": (DIM,), "norm2.weight": (DIM,)}
        if mixer == "induction":
            layer.update({f"induction.{k}.weight": (inner, DIM) for k in ("key", "value")})
            layer["induction.out.weight"] = (DIM, inner)
            layer["induction.gates.weight"] = (2 * inner // HEAD, DIM)
            layer["induction.gates.bias"] = (2 * inner // HEAD,)
        else:
            layer.update({"ttt.down.weight": (inner, DIM), "ttt.up.weight": (DIM, inner)})
        layer.update({f"mlp.{k}_proj.weight": (MLP, DIM) for k in ("gate", "up")})
        layer["mlp.down_proj.weight"] = (DIM, MLP)
        out.update({f"layers.{i}.{name}": shape for name, shape in layer.items()})
    return {**out, "norm_f.weight": (DIM,), "lm_head.weight": (VOCAB, DIM)}


def start_value(name, shape):
    if name.endswith("gates.bias"):
        return torch.cat([torch.linspace(3, 6, shape[0] // 2), torch.zeros(shape[0] // 2)])
    if len(shape) == 1:
        return torch.ones(shape)
    spread = {"embed.weight": 0.1, "lm_head.weight": 0.02}.get(name, shape[1] ** -0.5)
    if "gates" in name:
        spread = 0
    return torch.randn(shape) * spread


class Model:
    def __init__(self, mixer, weights=None):
        self.mixer = mixer
        self.p = {}
        for name, shape in shapes(mixer).items():
            value = weights[name][: shape[0]] if weights else start_value(name, shape)
            self.p[name] = value.clone().requires_grad_()
        self.memory = memory_chunks if VARIANT["chunk"] else memory_whole

    def features(self, f, tokens):
        """[windows * tokens][heads * width] as units [windows * heads][tokens][width]."""
        f = f.view(-1, tokens, f.shape[-1] // HEAD, HEAD).transpose(1, 2)
        return f.reshape(-1, tokens, HEAD)

    def units(self, f):
        norm = torch.linalg.vector_norm(f, dim=-1, keepdim=True)
        return f / torch.where(norm > 1e-6, norm, torch.ones_like(norm))

    def mix(self, at, x, tokens):
        p, name = self.p, at + ("induction" if self.mixer == "induction" else "ttt")
        quantized = Quantized.apply(x)
        if self.mixer == "induction":
            both = BitLinear.apply(quantized, p[f"{name}.key.weight"], p[f"{name}.value.weight"])
            both = self.features(both, tokens).view(-1, 2, INNER["induction"] // HEAD, tokens, HEAD)
            q = self.units(both[:, 0].reshape(-1, tokens, HEAD))
            v = both[:, 1].reshape(-1, tokens, HEAD)
            gates = F.linear(x, p[f"{name}.gates.weight"], p[f"{name}.gates.bias"])
            gates = gates.view(-1, tokens, gates.shape[-1]).transpose(1, 2)
            keep, write = gates.chunk(2, 1)
            keep = F.logsigmoid(keep.reshape(-1, tokens))
            r = self.memory(q, v, keep, torch.sigmoid(write.reshape(-1, tokens)), VARIANT["chunk"])
            out = p[f"{name}.out.weight"]
        else:
            q = self.units(self.features(BitLinear.apply(quantized, p[f"{name}.down.weight"]), tokens))
            own = q if self.mixer == "predict" else None
            write = torch.full(q.shape[:2], RATE)
            r = self.memory(q, own, None, write, VARIANT["chunk"])
            out = p[f"{name}.up.weight"]
        heads = INNER[self.mixer] // HEAD
        r = r.view(-1, heads, tokens, HEAD).transpose(1, 2).reshape(x.shape[0], heads * HEAD)
        return BitLinear.apply(Quantized.apply(r), out)

    def loss(self, ids, targets):
        p, tokens = self.p, ids.shape[1]
        x = Quantized.apply(F.embedding(ids.reshape(-1), p["embed.weight"]))
        for i in range(LAYERS):
            at = f"layers.{i}."
            x = x + self.mix(at, RMSNorm.apply(x, p[at + "norm1.weight"]), tokens)
            n = Quantized.apply(RMSNorm.apply(x, p[at + "norm2.weight"]))
            mlp = [p[f"{at}mlp.{k}_proj.weight"] for k in ("gate", "up", "down")]
            h = SwiGLU.apply(BitLinear.apply(n, *mlp[:2]))
            x = x + BitLinear.apply(Quantized.apply(h), mlp[2])
        n = Quantized.apply(RMSNorm.apply(x, p["norm_f.weight"]))
        return HeadLoss.apply(n, p["lm_head.weight"], targets.reshape(-1))


class Training:
    def __init__(self, mixer, weights=None, rate=5e-3):
        self.model = Model(mixer, weights)
        self.all = list(self.model.p.values())
        decayed = [{"params": [w for w in self.all if w.dim() > 1]},
                   {"params": [w for w in self.all if w.dim() == 1], "weight_decay": 0.0}]
        self.adam = torch.optim.AdamW(decayed, rate, (0.9, 0.98), 1e-8, 0.01, foreach=False)

    def step(self, ids, targets):
        self.adam.zero_grad(set_to_none=True)
        loss = self.model.loss(ids, targets)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.all, 1.0)
        self.adam.step()
        return float(loss), float(norm)


# ---- jobs --------------------------------------------------------------------------------------


def blas():
    """The library behind Debian's PyTorch; another build may bring its own."""
    try:
        return ctypes.CDLL("libblas.so.3")
    except OSError:
        return None


def version():
    if "BLAS_INFO=generic" not in torch.__config__.show():
        return torch.__version__
    if not hasattr(blas(), "openblas_get_config"):
        return f"{torch.__version__}, reference BLAS"
    describe = blas().openblas_get_config
    describe.restype = ctypes.c_char_p
    return f"{torch.__version__}, {' '.join(describe().decode().split()[:2])}"


def set_threads(count):
    torch.set_num_threads(count)
    if hasattr(blas(), "openblas_set_num_threads"):
        blas().openblas_set_num_threads(count)


def measure(seconds, run):
    """As native/main.c: the fastest of six slices."""

    def timed(turns):
        begin = time.perf_counter()
        run(turns)
        return time.perf_counter() - begin

    turns, taken = 1, timed(1)
    while taken <= seconds / 8:
        turns *= 2
        taken = timed(turns)
    return 1 / min([taken / turns] + [timed(turns) / turns for _ in range(5)])


def choose(words):
    VARIANT.update({key: int(value) for key, value in (word.split("=") for word in words)})


def train(mixer, threads, seconds="0.3", *variant):
    choose(variant)
    set_threads(int(threads))
    torch.manual_seed(1)
    training = Training(mixer)
    tokens = torch.randint(VOCAB, (1 << 16,))

    def steps(turns):
        for _ in range(turns):
            starts = torch.randint(len(tokens) - CONTEXT, (BATCH, 1))
            windows = tokens[starts + torch.arange(CONTEXT + 1)]
            training.step(windows[:, :-1], windows[:, 1:])

    return measure(float(seconds), steps) * BATCH * CONTEXT


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    return {name: torch.frombuffer(bytearray(body[slice(*t["data_offsets"])]), dtype=torch.float32)
            .view(t["shape"]) for name, t in header.items() if name != "__metadata__"}


def check(what, mixer, weights, tokens, step, *variant):
    choose(variant)
    window = torch.tensor(json.load(open(tokens, encoding="utf-8")))[None]
    training = Training(mixer, read_safetensors(weights))
    for _ in range(int(step)):
        loss, norm = training.step(window[:, :-1], window[:, 1:])
    return {"loss": loss, "norm": norm}[what]


def main():
    set_threads(1)
    print("READY", version(), flush=True)
    for line in sys.stdin:
        try:
            name, *words = line.split()
            print({"train": train, "check": check}[name](*words), flush=True)
        except Exception as error:
            print("error:", " ".join(f"{type(error).__name__}: {error}".split()), flush=True)


if __name__ == "__main__":
    main()
