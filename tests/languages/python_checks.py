# SPDX-License-Identifier: MIT
"""python_checks.py - the wrapper in Python: what it computes, and what bad input raises."""
import array
import contextlib
import copy
import ctypes
import json
import math
import multiprocessing
import os
import pathlib
import pickle
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from ctypes.util import find_library

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "python"))
import bit_llama  # noqa: E402
import bit_ttt  # noqa: E402

NAN, INFINITY = float("nan"), float("inf")
MODEL = ROOT / "models" / "stories.bitt"
SEEDS = [5] + [5 | 1 << bit for bit in range(32, 64)]  # they differ above the 32nd bit alone


def tokens(count, dim=64):
    return [(i * 7919) % 1000 / 500 - 1 for i in range(count * dim)]


def in_child(call):
    """What a call gives in a process made by fork(); one that hangs is an error."""
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=lambda: there.send(call()))
    child.start()
    there.close()
    try:
        if not here.poll(100):
            raise AssertionError("the child hangs")
        result = here.recv()
        child.join(100)
        assert child.exitcode == 0, f"the child ended with {child.exitcode}"
        return result
    finally:
        child.kill()


def safetensors(tensors):
    """The bytes of a safetensors file of float32 tensors: shape and numbers by name."""
    header, body = {}, b""
    for name, (shape, values) in tensors.items():
        data = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape,
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def small_model():
    """The configuration of a model, and its tensors for two shards."""
    config = {"vocab_size": 16, "hidden_dim": 64, "num_layers": 1, "mlp_dim": 16}
    shapes = {"embed.weight": [16, 64], "layers.0.norm1.weight": [64],
              "layers.0.ttt.down.weight": [16, 64], "layers.0.ttt.up.weight": [64, 16],
              "layers.0.norm2.weight": [64], "layers.0.mlp.gate_proj.weight": [16, 64],
              "layers.0.mlp.up_proj.weight": [16, 64], "layers.0.mlp.down_proj.weight": [64, 16],
              "norm_f.weight": [64], "lm_head.weight": [16, 64]}
    tensors = [(name, (shape, [(i * 37 + k) % 19 / 19 - 0.5 for i in range(math.prod(shape))]))
               for k, (name, shape) in enumerate(shapes.items())]
    return (json.dumps(config).encode(),
            {"a.safetensors": tensors[::2], "b.safetensors": tensors[1::2]})


class Case(unittest.TestCase):
    @contextlib.contextmanager
    def raises(self, code, text):
        with self.assertRaises(bit_ttt.BitTTTError) as caught:
            yield
        self.assertEqual(caught.exception.code, code)
        self.assertEqual(caught.exception.status, bit_ttt.STATUS[code])
        self.assertIn(text, str(caught.exception))


class Library(Case):
    def test_hashes(self):
        for module, name in ((bit_ttt, "conformance"), (bit_llama, "llama")):
            golden = (ROOT / "tests" / "golden" / f"{name}.txt").read_text().strip()
            self.assertEqual(module.conformance_hash(), golden)

    def test_kernels(self):
        best = bit_ttt.kernels()[0]
        results = set()
        for name in bit_ttt.kernels():
            bit_ttt.set_kernel(name)
            self.assertEqual(bit_ttt.kernel(), name)
            with bit_ttt.Layer(64) as layer:
                results.add(bytes(layer.forward(tokens(9))))
        bit_ttt.set_kernel("auto")
        self.assertEqual(bit_ttt.kernel(), best)
        self.assertEqual(len(results), 1)
        with self.raises("UNKNOWN_KERNEL", "no kernel"):
            bit_ttt.set_kernel("nonsense")

    def test_where_it_is_looked_for(self):
        path = os.environ["BIT_TTT_LIBRARY"]
        with self.raises("BACKEND_UNAVAILABLE", "/no/such/file"):
            bit_ttt.Layer(library="/no/such/file")
        with self.raises("INVALID_ARGUMENT", "library must be a path, not 5"):
            bit_ttt.Layer(library=5)
        for wrong in ("no\0path", b"no\0path", pathlib.Path("no\0path")):
            with self.raises("INVALID_ARGUMENT", r"zero byte, as library has: 'no\x00"):
                bit_ttt.Layer(library=wrong)
        for wrong in ("\ud800", b"\xff"):
            with self.raises("BACKEND_UNAVAILABLE", "cannot load the library ("):
                bit_ttt.Layer(library=wrong)
        self.assertEqual(bit_ttt.Layer(library=os.fsencode(path)).hidden_dim, 64)
        program = "import bit_ttt; print(bit_ttt.Layer(%s).hidden_dim)"
        bare = {k: v for k, v in os.environ.items() if k not in ("BIT_TTT_LIBRARY", "PYTHONPATH")}
        bare["PYTHONPATH"] = bit_ttt.__file__.rpartition(os.sep)[0]
        for argument, names, expected in [
            ("library=%r" % path, {}, "64"),
            ("", {"BIT_TTT_LIBRARY": path}, "64"),
            ("", {"BIT_TTT_LIBRARY": "/no/such/file"}, "/no/such/file"),
            ("", {"LD_LIBRARY_PATH": os.path.dirname(path)}, "64"),
            ("", {}, "set BIT_TTT_LIBRARY to its path"),
        ]:
            with self.subTest(names=names):
                done = subprocess.run([sys.executable, "-c", program % argument],
                                      env={**bare, **names}, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)
                self.assertIn(expected, done.stdout.decode().splitlines()[-1])

    def test_another_library(self):
        with self.raises("BACKEND_UNAVAILABLE", "ttt_"):
            bit_ttt.load(find_library("c"))


class Layer(Case):
    def test_options(self):
        with bit_ttt.Layer(128, objective="predict", inner_lr=0.25, seed=7, threads=2) as layer:
            self.assertEqual((layer.hidden_dim, layer.memory_dim, layer.inner_lr, layer.threads,
                              layer.objective, layer.tokens_seen), (128, 32, 0.25, 2, "predict", 0))
            self.assertNotEqual(layer.fingerprint, bit_ttt.Layer(128).fingerprint)
        self.assertEqual(bit_ttt.Layer(objective="predict").inner_lr, 0.5)
        self.assertEqual(bit_ttt.Layer().rule, "gradient")
        with bit_ttt.Layer(128, rule="rls", forgetting=1, ridge=0.5) as layer:
            self.assertEqual((layer.rule, layer.forgetting, layer.ridge), ("rls", 1, 0.5))
            once = tokens(1, 128)
            first, second = (layer.observe(once)[1][0] for _ in range(2))
            self.assertAlmostEqual(first, 1 / 1.5, 5)
            self.assertAlmostEqual(second, 1 / 2.5, 5)

    def test_bad_options(self):
        for options, code, text in [
            ({"hidden_dim": 3}, "INVALID_ARGUMENT", "hidden_dim must be 4 to 65536, not 3"),
            ({"hidden_dim": "64"}, "INVALID_ARGUMENT", "hidden_dim must be an integer, not '64'"),
            ({"hidden_dim": 64.0}, "INVALID_ARGUMENT", "hidden_dim"),
            ({"seed": -1}, "INVALID_ARGUMENT", "seed"),
            ({"seed": 2**64}, "INVALID_ARGUMENT", "seed"),
            ({"threads": 0}, "INVALID_ARGUMENT", "threads"),
            ({"threads": 65}, "INVALID_ARGUMENT", "threads"),
            ({"inner_lr": NAN}, "INVALID_CONFIG", "inner_lr"),
            ({"inner_lr": 1e300}, "INVALID_CONFIG", "inner_lr"),
            ({"inner_lr": "fast"}, "INVALID_ARGUMENT", "inner_lr"),
            ({"objective": "guess"}, "INVALID_CONFIG", "objective"),
            ({"rule": "guess"}, "INVALID_CONFIG", "rule"),
            ({"forgetting": 0.9}, "INVALID_CONFIG", "forgetting"),
            ({"forgetting": NAN}, "INVALID_CONFIG", "forgetting"),
            ({"forgetting": 1.01}, "INVALID_CONFIG", "forgetting"),
            ({"ridge": 0}, "INVALID_CONFIG", "ridge"),
            ({"ridge": 1e7}, "INVALID_CONFIG", "ridge"),
            ({"ridge": "small"}, "INVALID_ARGUMENT", "ridge"),
        ]:
            with self.subTest(options), self.raises(code, text):
                bit_ttt.Layer(**options)

    def test_splits_and_threads_agree(self):
        data = tokens(100, 256)
        whole, many, parts = (bit_ttt.Layer(256, threads=t) for t in (1, 3, 1))
        output, surprise = whole.observe(data)
        self.assertEqual(output, many.forward(data))
        pieces = [parts.observe(data[i:i + 256 * 10]) for i in range(0, len(data), 256 * 10)]
        self.assertEqual(list(output), [x for piece, _ in pieces for x in piece])
        self.assertEqual(list(surprise), [x for _, piece in pieces for x in piece])
        self.assertEqual(whole.memory(), parts.memory())
        self.assertEqual(parts.tokens_seen, 100)

    def test_kinds_of_input(self):
        data = tokens(3)
        expected = bit_ttt.Layer().forward(data)
        for kind in (tuple, iter, lambda x: array.array("d", x), lambda x: array.array("f", x),
                     lambda x: (ctypes.c_float * len(x))(*x)):
            self.assertEqual(bit_ttt.Layer().forward(kind(data)), expected)
        own, same = array.array("f", data), array.array("f", data)
        self.assertIs(bit_ttt.Layer().forward(data, own), own)
        bit_ttt.Layer().forward(same, same)
        self.assertEqual((own, same), (expected, expected))

    def test_bad_input_changes_nothing(self):
        layer = bit_ttt.Layer()
        layer.forward(tokens(2))
        before = layer.save()
        broken = tokens(2)
        broken[70] = NAN
        own, short = array.array("f", tokens(2)), array.array("f", tokens(1))
        for data, code, text in [
            ([], "DIMENSION_MISMATCH", "it has 0"),
            (tokens(1)[:63], "DIMENSION_MISMATCH", "whole tokens of 64 floats; it has 63"),
            (broken, "NON_FINITE", "input[70] is nan"),
            ([INFINITY] * 64, "NON_FINITE", "input[0] is inf"),
            ([1e300] * 64, "NON_FINITE", "input[0] is inf"),
            ([1e38] * 64, "INPUT_RANGE", "too large"),
            (None, "INVALID_ARGUMENT", "input"),
            ("a" * 64, "INVALID_ARGUMENT", "not str"),
            (bytes(256), "INVALID_ARGUMENT", "not bytes"),
            ([[0.0] * 64], "INVALID_ARGUMENT", "flat sequence"),
            (["x"] * 64, "INVALID_ARGUMENT", "numbers"),
        ]:
            with self.subTest(text), self.raises(code, text):
                layer.forward(data)
        with self.raises("DIMENSION_MISMATCH", "the output must have 128 floats, not 64"):
            layer.forward(tokens(2), short)
        with self.raises("INVALID_ARGUMENT", "writable array of 32-bit floats"):
            layer.forward(tokens(1), [0.0] * 64)
        self.assertEqual((layer.tokens_seen, layer.save()), (2, before))

    def test_diverging_rate(self):
        layer = bit_ttt.Layer(inner_lr=50)
        before = layer.save()
        with self.raises("DIVERGED", "learning rate"):
            layer.forward(tokens(500))
        self.assertEqual(layer.save(), before)

    def test_states(self):
        layer, other = bit_ttt.Layer(), bit_ttt.Layer()
        layer.forward(tokens(5))
        state = layer.save()
        other.load(bytearray(state))
        self.assertEqual(other.forward(tokens(5)), layer.forward(tokens(5)))
        damaged = bytearray(state)
        damaged[100] ^= 1
        before = layer.save()
        for data, code, into in [
            (b"", "STATE_DAMAGED", layer),
            (state[:-1], "STATE_DAMAGED", layer),
            (damaged, "STATE_DAMAGED", layer),
            (state, "STATE_DIMENSIONS", bit_ttt.Layer(128)),
            (state, "STATE_LEARNING_RATE", bit_ttt.Layer(inner_lr=0.2)),
            (state, "STATE_OBJECTIVE", bit_ttt.Layer(objective="predict", inner_lr=0.1)),
            (state, "STATE_RULE", bit_ttt.Layer(rule="rls")),
            (state, "STATE_WEIGHTS", bit_ttt.Layer(seed=2)),
            ("text", "INVALID_ARGUMENT", layer),
            (None, "INVALID_ARGUMENT", layer),
        ]:
            with self.subTest(code), self.raises(code, ""):
                into.load(data)
        self.assertEqual(layer.save(), before)

    def test_reset_and_clone(self):
        layer = bit_ttt.Layer(objective="predict")
        first = layer.forward(tokens(5))
        twin = layer.clone()
        layer.reset()
        self.assertEqual(set(layer.memory()), {0.0})
        self.assertEqual(layer.forward(tokens(5)), first)
        self.assertEqual((twin.tokens_seen, twin.objective), (5, "predict"))
        layer.close()
        self.assertNotEqual(twin.forward(tokens(5)), first)

    def test_weights(self):
        layer, other = bit_ttt.Layer(), bit_ttt.Layer(seed=2)
        down, up = layer.get_weights()
        self.assertEqual(set(down) | set(up), {-1, 0, 1})
        other.set_weights(down, list(up))
        self.assertEqual(other.fingerprint, layer.fingerprint)
        self.assertEqual(other.forward(tokens(5)), layer.forward(tokens(5)))
        for bad, code, text in [(up[1:], "DIMENSION_MISMATCH", "up must have 1024 weights"),
                                ([2] * 1024, "INVALID_WEIGHTS", "not -1, 0 or 1"),
                                ([300] * 1024, "INVALID_ARGUMENT", "up must be"),
                                ([0.5] * 1024, "INVALID_ARGUMENT", "up must be")]:
            with self.subTest(text), self.raises(code, text):
                other.set_weights(down, bad)

    def test_closed(self):
        layer = bit_ttt.Layer()
        layer.close()
        layer.close()
        for use in (lambda: layer.forward(tokens(1)), layer.save, layer.reset, layer.clone,
                    layer.memory, layer.get_weights, lambda: layer.tokens_seen,
                    lambda: layer.load(b""), layer.__enter__):
            with self.raises("DESTROYED", "this Layer is closed"):
                use()

    def test_no_copies(self):
        model = bit_llama.Model.open(MODEL)
        for owner in (bit_ttt.Layer(), model, model.session()):
            for copies in (copy.copy, copy.deepcopy, pickle.dumps):
                with self.raises("INVALID_ARGUMENT", "cannot be copied"):
                    copies(owner)
        self.assertEqual(len(model.session().read([5])[0]), 1)

    def test_two_threads(self):
        layer, data = bit_ttt.Layer(512), array.array("f", tokens(200, 512))
        seen, calls = [], []

        def meet(call, *arguments):  # either of the two may be the second
            while not seen and len(calls) < 10000:
                try:
                    call(*arguments)
                    if arguments:
                        calls.append(call)
                except bit_ttt.BitTTTError as error:
                    seen.append(error.code)

        worker = threading.Thread(target=meet, args=(layer.forward, data))
        worker.start()
        meet(layer.reset)
        worker.join()
        self.assertEqual(set(seen), {"BUSY"})

    def test_seeds(self):
        prints = {bit_ttt.Layer(seed=seed).fingerprint for seed in SEEDS}
        self.assertEqual(len(prints), len(SEEDS))

    @unittest.skipUnless(hasattr(os, "fork"), "no fork() here")
    def test_fork(self):
        data = tokens(70, 512)
        for threads, used in ((t, u) for t in (1, 2, 4) for u in (False, True)):
            with self.subTest(threads=threads, used=used):
                layer = bit_ttt.Layer(512, objective="predict", threads=threads)
                if used:
                    layer.forward(data)
                expected = bytes(layer.clone().forward(data))

                def child():
                    results = [bytes(layer.clone().forward(data)), bytes(layer.forward(data))]
                    layer.close()
                    return results

                self.assertEqual(in_child(child), [expected] * 2)
                self.assertIsNone(in_child(layer.close))
                self.assertEqual(bytes(layer.forward(data)), expected)

    def test_numpy(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("no NumPy here")
        data = numpy.array(tokens(6)).reshape(6, 64)
        output, surprise = bit_ttt.Layer().observe(data)
        self.assertEqual((output.shape, output.dtype, surprise.shape), ((6, 64), "float32", (6,)))
        self.assertEqual(list(output.ravel()), list(bit_ttt.Layer().forward(tokens(6))))
        strided = numpy.asfortranarray(data)
        self.assertTrue((bit_ttt.Layer().forward(strided) == output).all())
        single = data.astype("float32")
        single.flags.writeable = False
        self.assertTrue((bit_ttt.Layer().forward(single) == output).all())
        long = numpy.zeros(192, "float32")
        with self.raises("OVERLAP", "overlap"):
            bit_ttt.Layer().forward(long[:128], long[64:])
        with self.raises("INVALID_ARGUMENT", "writable"):
            bit_ttt.Layer().forward(data, single)
        for bad in (numpy.array(["a"]), data.astype("complex64"), numpy.array([None] * 64)):
            with self.raises("INVALID_ARGUMENT", "numbers"):
                bit_ttt.Layer().forward(bad)


class Llama(Case):
    @classmethod
    def setUpClass(cls):
        cls.model = bit_llama.Model.open(MODEL)

    def test_model(self):
        self.assertEqual(self.model.config["vocab_size"], 3072)
        self.assertGreater(self.model.parameters, 4_000_000)
        self.assertEqual(self.model.decode([425, 434, 260]), "Once upon a")
        with self.raises("INVALID_TOKEN", "no token 99999"):
            self.model.decode([99999])
        for bad in (None, 7, [[]], [-1], "text"):
            with self.subTest(bad), self.raises("INVALID_ARGUMENT", "tokens must be"):
                self.model.decode(bad)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork() here")
    def test_fork(self):
        session = self.model.session()
        session.read([1, 2, 3])
        expected = session.fork().read([4, 5, 6])
        self.assertEqual(in_child(lambda: session.read([4, 5, 6])), expected)
        with self.model._use():  # as if another thread did
            self.assertEqual(in_child(lambda: list(self.model.session().generate([0], 2, seed=7))),
                             [425, 434])

    def test_seeds(self):
        session, drawn = self.model.session(), set()
        for seed in SEEDS:
            options = {"temperature": 50, "min_p": 0, "seed": seed}
            twin = session.fork()
            drawn.add(tuple(twin.generate([0], 12, **options)))
            self.assertEqual(session.fork().draw(**options), session.fork().draw(**options))
        self.assertEqual(len(drawn), len(SEEDS))

    def test_shards(self):
        config, shards = small_model()
        whole = bit_llama.Model(safetensors({k: v for part in shards.values() for k, v in part}), config)
        index = json.dumps({"weight_map": {name: shard for shard, part in shards.items()
                                           for name, _ in part}}).encode()
        files = {shard: safetensors(dict(part)) for shard, part in shards.items()}
        self.assertEqual(bit_llama.Model(index, config, shards=files).fingerprint, whole.fingerprint)
        for changed, code, text in [
            ({}, "MODEL_FORMAT", "1 to 1024 shards"),
            ({"b.safetensors": files["b.safetensors"]}, "MODEL_TENSOR", "a.safetensors: embed.weight"),
            ({**files, "c": files["b.safetensors"]}, "MODEL_TENSOR", "another shard has this tensor"),
            ({**files, "a.safetensors": b"x"}, "MODEL_FORMAT", "a.safetensors: the file is too short"),
            ({**files, "a.safetensors": "x"}, "INVALID_ARGUMENT", "a.safetensors must be bytes"),
        ]:
            with self.subTest(text), self.raises(code, text):
                bit_llama.Model(index, config, shards=changed)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "config.json").write_bytes(b"\xef\xbb\xbf" + config)
            (path / "model.safetensors.index.json").write_bytes(index)
            (path / "other.safetensors").write_bytes(b"not this model's")
            for name, data in files.items():
                (path / name).write_bytes(data)
            self.assertEqual(bit_llama.Model.open(folder).fingerprint, whole.fingerprint)
            (path / "b.safetensors").unlink()
            with self.raises("MODEL_TENSOR", "b.safetensors: "):
                bit_llama.Model.open(path)

    def test_bad_models(self):
        data = MODEL.read_bytes()
        damaged = bytearray(data)
        damaged[-9] ^= 1
        for bytes_, code in [(b"", "MODEL_FORMAT"), (b"nonsense" * 9, "MODEL_FORMAT"),
                             (data[:-1], "MODEL_FORMAT"), (damaged, "MODEL_FORMAT"),
                             ("text", "INVALID_ARGUMENT")]:
            with self.raises(code, ""):
                bit_llama.Model(bytes_)

    def test_sessions(self):
        session = self.model.session()
        drawn = list(session.generate([0], 8, seed=7))
        self.assertEqual(drawn, [425, 434, 260, 397, 13, 400, 284, 260])
        state, twin = session.save(), session.fork()
        logprobs, surprise = session.read([5, 6, 7])
        self.assertEqual((len(logprobs), len(surprise), len(session.logits())), (3, 3, 3072))
        self.assertEqual(twin.read([5, 6, 7]), (logprobs, surprise))
        session.load(state)
        self.assertEqual(session.read([5, 6, 7]), (logprobs, surprise))
        self.assertEqual(session.tokens_seen, 12)
        session.freeze()
        session.reset()
        self.assertEqual((session.tokens_seen, set(session.logits())), (0, {0.0}))

    def test_recall(self):
        told = [300, 41, 7, 1999, 650, 88, 1200, 43, 911, 5, 2048, 77]
        session, alone = self.model.session(), self.model.session(recall=False)
        for one in (session, alone):
            one.read([0, *told])
        again, without = session.read(told)[0], alone.read(told)[0]
        self.assertGreater(sum(again[4:]), -4)  # foreseen, once three tokens say where it is
        self.assertLess(sum(without[4:]), -10)
        self.assertEqual(len(alone.save()), len(self.model.session(recall=False).save()))
        self.assertGreater(len(session.save()), len(self.model.session().save()))
        with self.raises("STATE_RECALL", ""):
            alone.load(session.save())
        session.load(alone.save())
        self.assertEqual(session.tokens_seen, 25)

    def test_recall_by_default(self):
        for given, size in [(True, 32768), (None, False), (0, False)]:
            one, other = self.model.session(given), self.model.session(size)
            for each in (one, other):
                each.read(range(300))
            self.assertEqual(one.save(), other.save())

    def test_written(self):
        foreseen = {}
        for generated in (False, True):
            session = self.model.session(recall=256, generated=generated)
            session.read([0])
            written = [(997 * i) % 3000 for i in range(1, 40)]
            session.write(written)
            foreseen[generated] = sum(session.read(written)[0])
        self.assertGreater(foreseen[True], foreseen[False] / 2)
        session, by_hand = self.model.session(), self.model.session()
        drawn = list(session.generate([0, 5], 8, seed=3))
        by_hand.read([0, 5])
        by_hand.write(drawn)
        self.assertEqual(by_hand.save(), session.save())
        by_hand.write([])

    def test_suggest(self):
        session = self.model.session()
        session.read([0])
        state = session.save()
        words = session.suggest([], "onc", count=5)
        self.assertTrue(all(0 < p <= 1 for _, p in words), words)
        self.assertEqual([p for _, p in words], sorted((p for _, p in words), reverse=True))
        once = self.model.session().generate([0], 3, temperature=0)
        self.assertEqual(len(session.suggest(list(once), "", 32, 0)), 32)
        self.assertTrue(all(word.startswith("wal") for word, _ in session.suggest([5], "wal")))
        self.assertEqual(session.suggest([5], "wal", min_probability=1), [])
        self.assertEqual(session.save(), state)

    def test_stop(self):
        first = next(self.model.session().generate([0], 1, temperature=0))
        self.assertEqual(list(self.model.session().generate([0], 9, [first], temperature=0)), [])

    def test_outlives_its_model(self):
        model = bit_llama.Model.open(MODEL)
        session = model.session()
        model.close()
        model.close()
        self.assertEqual(len(list(session.generate([0], 3))), 3)
        for use in (model.session, lambda: model.decode([1])):
            with self.raises("DESTROYED", "this Model is closed"):
                use()

    def test_bad_calls(self):
        session = self.model.session()
        for use, code, text in [
            (lambda: session.read([3072]), "INVALID_TOKEN", "token 3072 is not below 3072"),
            (lambda: session.read([-1]), "INVALID_ARGUMENT", "tokens"),
            (lambda: session.read("text"), "INVALID_ARGUMENT", "tokens"),
            (lambda: session.read([0.5]), "INVALID_ARGUMENT", "tokens"),
            (lambda: session.draw(heat=1), "INVALID_OPTION", "no heat; there are: temperature"),
            (lambda: session.draw(temperature=-1), "INVALID_OPTION", "range"),
            (lambda: session.draw(temperature=NAN), "INVALID_OPTION", "range"),
            (lambda: session.draw(top_k=-1), "INVALID_ARGUMENT", "top_k"),
            (lambda: next(session.generate([0], "x")), "INVALID_ARGUMENT", "max_tokens must be"),
            (lambda: next(session.generate([0], -1)), "INVALID_ARGUMENT", "max_tokens must be"),
            (lambda: next(session.generate([0], 1, 5)), "INVALID_ARGUMENT", "stop must be"),
            (lambda: session.load(b"nonsense"), "STATE_DAMAGED", "state"),
            (lambda: session.write([3072]), "INVALID_TOKEN", "token 3072 is not below 3072"),
            (lambda: session.write("text"), "INVALID_ARGUMENT", "tokens"),
            (lambda: session.suggest([3072], "a"), "INVALID_TOKEN", "token 3072 is not below"),
            (lambda: session.suggest("text", "a"), "INVALID_ARGUMENT", "before"),
            (lambda: session.suggest([], b"a"), "INVALID_ARGUMENT", "typed must be a string"),
            (lambda: session.suggest([], "a", 0), "INVALID_ARGUMENT", "count must be 1 to 32"),
            (lambda: session.suggest([], "a", 33), "INVALID_ARGUMENT", "count must be 1 to 32"),
            (lambda: session.suggest([], "a", 3, NAN), "INVALID_OPTION", "range"),
            (lambda: session.suggest([], "a" * 201), "INVALID_DATA", ""),
            (lambda: self.model.session(1), "INVALID_OPTION", "range"),
            (lambda: self.model.session(257), "INVALID_OPTION", "range"),
            (lambda: self.model.session(2**23), "INVALID_OPTION", "range"),
            (lambda: self.model.session(-1), "INVALID_ARGUMENT", "recall must be"),
            (lambda: self.model.session("256"), "INVALID_ARGUMENT", "recall must be"),
            (lambda: self.model.session(""), "INVALID_ARGUMENT", "recall must be"),
        ]:
            with self.subTest(text), self.raises(code, text):
                use()
        self.assertEqual(session.tokens_seen, 0)
        session.close()
        session.close()
        with self.raises("DESTROYED", "this Session is closed"):
            session.read([1])


if __name__ == "__main__":
    unittest.main()
