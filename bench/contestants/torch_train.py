# SPDX-License-Identifier: MIT
"""torch_train.py - Bit-Llama's training in PyTorch, for `npm run bench`.

The same model, batch and optimiser as ours: ternary weights and int8 activations with straight-through
gradients, the memories in closed form over the whole context (batched over sequences and heads), AdamW,
clipping. Lines in, lines out: `train MIXER THREADS SECONDS` gives tokens/s; `check FILE` gives the largest
difference of log-probabilities from those in the JSON file, which also names the weights.
"""
import json
import struct
import sys
import time

import torch
import torch.nn.functional as F

VOCAB, DIM, LAYERS, MLP, INNER, HEAD, EPS = 2048, 128, 4, 512, 64, 32, 1e-5
BATCH, CONTEXT = 16, 128
RATE = {"reconstruct": 0.1, "predict": 0.5}


def straight_through(x, quantised):
    return x + (quantised - x).detach()


def int8_rows(x):
    scale = 127.0 / x.detach().abs().amax(-1, keepdim=True).clamp(min=1e-9)
    return straight_through(x, (x * scale).round() / scale)


def ternary(w):
    scale = w.detach().abs().mean()
    return straight_through(w, (w / scale).round().clamp(-1, 1) * scale)


def linear(x, w):
    return F.linear(int8_rows(x), ternary(w))


def rms_norm(x, w):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * w


def unit(x):
    norm = x.norm(dim=-1, keepdim=True)
    return x / torch.where(norm > 1e-6, norm, torch.ones_like(norm))


def shifted(x):
    return F.pad(x[..., :-1, :], (0, 0, 1, 0))


class Mixer(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        width = INNER if kind == "induction" else DIM // 4
        self.heads = INNER // HEAD if kind == "induction" else 1
        self.key = torch.nn.Parameter(torch.randn(width, DIM) / DIM**0.5)
        self.out = torch.nn.Parameter(torch.randn(DIM, width) / width**0.5 / (2 * LAYERS) ** 0.5)
        if kind == "induction":
            self.value = torch.nn.Parameter(torch.randn(width, DIM) / DIM**0.5)
            self.gates = torch.nn.Parameter(torch.zeros(2 * self.heads, DIM))
            self.bias = torch.nn.Parameter(torch.tensor([3.0, 6.0, 0.0, 0.0]))
        lower = torch.ones(CONTEXT, CONTEXT).tril()
        self.register_buffer("lower", lower.bool())
        self.register_buffer("strict", lower.tril(-1).bool())

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, n):
        t = n.shape[1]
        lower, strict = self.lower[:t, :t], self.strict[:t, :t]
        q = unit(self.split(linear(n, self.key)))
        k = shifted(q)
        if self.kind == "induction":
            v = self.split(linear(n, self.value))
            gates = torch.sigmoid(F.linear(n, self.gates, self.bias)).transpose(1, 2)
            keep, write = gates[:, : self.heads], gates[:, self.heads :, :, None]
            log = keep.log().cumsum(-1)
            decay = (log[..., :, None] - log[..., None, :]).masked_fill(~lower, -1e30).exp()
            past, reads = k @ k.mT * decay * strict, q @ k.mT * decay
        else:
            v = k if self.kind == "reconstruct" else q
            write = RATE[self.kind]
            past, reads = k @ k.mT * strict, q @ k.mT * lower
        system = torch.eye(t) + write * past
        written = torch.linalg.solve_triangular(system, write * v, upper=False, unitriangular=True)
        r = (reads @ written).transpose(1, 2).reshape(n.shape[0], t, -1)
        return linear(r, self.out)


class Layer(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.norm1, self.norm2 = (torch.nn.Parameter(torch.ones(DIM)) for _ in range(2))
        self.mixer = Mixer(kind)
        self.gate, self.up = (torch.nn.Parameter(torch.randn(MLP, DIM) / DIM**0.5) for _ in range(2))
        self.down = torch.nn.Parameter(torch.randn(DIM, MLP) / MLP**0.5 / (2 * LAYERS) ** 0.5)

    def forward(self, x):
        x = x + self.mixer(rms_norm(x, self.norm1))
        n = rms_norm(x, self.norm2)
        return x + linear(F.silu(linear(n, self.gate)) * linear(n, self.up), self.down)


class Model(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embed = torch.nn.Parameter(torch.randn(VOCAB, DIM) * 0.1)
        self.layers = torch.nn.ModuleList(Layer(kind) for _ in range(LAYERS))
        self.norm = torch.nn.Parameter(torch.ones(DIM))
        self.head = torch.nn.Parameter(torch.randn(VOCAB, DIM) * 0.02)

    def forward(self, ids):
        x = F.embedding(ids, int8_rows(self.embed))
        for layer in self.layers:
            x = layer(x)
        return F.linear(int8_rows(rms_norm(x, self.norm)), int8_rows(self.head))


def read_weights(path):
    """The tensors of a safetensors file of 32-bit floats."""
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, about in header.items():
        begin, end = about["data_offsets"]
        flat = torch.frombuffer(bytearray(data[8 + size + begin : 8 + size + end]), dtype=torch.float32)
        tensors[name] = flat.view(about["shape"])
    return tensors


def load(model, kind, tensors):
    """Puts a file's weights into the model."""
    with torch.no_grad():
        model.embed.copy_(tensors["embed.weight"])
        model.head.copy_(tensors["lm_head.weight"])
        model.norm.copy_(tensors["norm_f.weight"])
        for i, layer in enumerate(model.layers):
            at = f"layers.{i}."
            for name in ("norm1", "norm2"):
                getattr(layer, name).copy_(tensors[f"{at}{name}.weight"])
            for name in ("gate", "up", "down"):
                getattr(layer, name).copy_(tensors[f"{at}mlp.{name}_proj.weight"])
            mixer = layer.mixer
            if kind == "induction":
                for name in ("key", "value", "out"):
                    getattr(mixer, name).copy_(tensors[f"{at}induction.{name}.weight"])
                used = 2 * mixer.heads
                mixer.gates.copy_(tensors[f"{at}induction.gates.weight"][:used])
                mixer.bias.copy_(tensors[f"{at}induction.gates.bias"][:used])
            else:
                mixer.key.copy_(tensors[f"{at}ttt.down.weight"])
                mixer.out.copy_(tensors[f"{at}ttt.up.weight"])


def check(path):
    with open(path, encoding="utf-8") as file:
        case = json.load(file)
    model = Model(case["mixer"])
    load(model, case["mixer"], read_weights(case["weights"]))
    ids = torch.tensor([case["ids"]])
    with torch.no_grad():
        logs = F.log_softmax(model(ids), -1)[0]
    ours = torch.tensor(case["logProbabilities"])[1:]
    theirs = logs[:-1].gather(-1, ids[0, 1:, None])[:, 0]
    return (ours - theirs).abs().mean().item()


def step_maker(kind):
    torch.manual_seed(1)
    model = Model(kind)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=5e-3, betas=(0.9, 0.98), foreach=True)
    tokens = torch.randint(VOCAB, (1 << 16,))

    def step():
        starts = torch.randint(len(tokens) - CONTEXT - 1, (BATCH,)).tolist()
        windows = torch.stack([tokens[s : s + CONTEXT + 1] for s in starts])
        logits = model(windows[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, VOCAB), windows[:, 1:].reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def rate(seconds, run):
    """Turns a second: the fastest of six slices."""

    def taken(turns):
        begin = time.perf_counter()
        for _ in range(turns):
            run()
        return time.perf_counter() - begin

    run()
    turns, last = 1, taken(1)
    while last < seconds / 8:
        turns *= 2
        last = taken(turns)
    return 1 / min([last / turns] + [taken(turns) / turns for _ in range(5)])


def answer(words):
    if words[0] == "check":
        return check(words[1])
    if words[0] == "train":
        torch.set_num_threads(int(words[2]))
        return rate(float(words[3]), step_maker(words[1])) * BATCH * CONTEXT
    raise ValueError("unknown job")


def main():
    torch.set_num_threads(1)
    print(f"READY {torch.__version__}", flush=True)
    for line in sys.stdin:
        try:
            print(f"{answer(line.split()):.9g}", flush=True)
        except Exception as error:  # whatever it is, the next job may do
            print(f"error: {' '.join(str(error).split())}", flush=True)


main()
