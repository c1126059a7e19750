# SPDX-License-Identifier: MIT
"""bit_llama.py - the language model Bit-Llama from Python: copy it together with bit_ttt.py.

    import bit_llama
    model = bit_llama.Model.open("stories.bitt")
    session = model.session()
    print(model.decode(session.generate([0], max_tokens=50, seed=7)))

Text is made of token ids: `decode` is here, `encode` is not (see there). Training is not here
either. Ownership and errors are those of bit_ttt.py; a Session takes one call at a time (a second
one meanwhile raises BUSY), a Model is immutable and may be shared by any number of threads.
"""
import ctypes
import json
import os
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_uint32, c_uint64, c_void_p

import bit_ttt
from bit_ttt import BitTTTError, _array, _bytes, _check, _Handle, _integer, _new_floats, _number

__all__ = ["Model", "Session", "conformance_hash"]


class _Sampling(ctypes.Structure):
    _fields_ = [("size", c_uint32), ("temperature", c_float), ("top_k", c_uint32),
                ("top_p", c_float), ("min_p", c_float), ("repetition_penalty", c_float),
                ("seed", c_uint64)]


class _SessionOptions(ctypes.Structure):
    _fields_ = [("size", c_uint32), ("recall", c_uint32), ("generated", c_uint32)]


class _Suggesting(ctypes.Structure):
    _fields_ = [("size", c_uint32), ("count", c_uint32), ("min_probability", c_float)]


class _Suggestion(ctypes.Structure):
    _fields_ = [("probability", c_float), ("length", c_uint32), ("text", ctypes.c_char * 248)]


class _Shard(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("bytes", c_char_p), ("size", c_size_t)]


class _Error(ctypes.Structure):
    _fields_ = [("status", c_int), ("offset", c_uint64), ("text", ctypes.c_char * 256)]


_PROTOTYPES = {  # as in bit_ttt.py
    "bitllama_open": (c_int, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_void_p),
                      POINTER(_Error)),
    "bitllama_open_sharded": (c_int, c_char_p, c_size_t, POINTER(_Shard), c_size_t, c_char_p,
                              c_size_t, POINTER(c_void_p), POINTER(_Error)),
    "bitllama_release": (None, c_void_p),
    "bitllama_parameters": (c_uint64, c_void_p),
    "bitllama_fingerprint": (c_uint64, c_void_p),
    "bitllama_config_json": (c_void_p, c_void_p, POINTER(c_size_t)),
    "bitllama_tokenizer_json": (c_void_p, c_void_p, POINTER(c_size_t)),
    "bitllama_session_options_init": (None, POINTER(_SessionOptions)),
    "bitllama_session_create_with": (c_int, c_void_p, POINTER(_SessionOptions), POINTER(c_void_p)),
    "bitllama_session_destroy": (None, c_void_p),
    "bitllama_session_fork": (c_int, c_void_p, POINTER(c_void_p)),
    "bitllama_session_reset": (c_int, c_void_p),
    "bitllama_session_tokens": (c_uint64, c_void_p),
    "bitllama_session_read": (c_int, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p),
    "bitllama_session_write": (c_int, c_void_p, c_void_p, c_size_t),
    "bitllama_session_logits": (c_int, c_void_p, c_void_p),
    "bitllama_session_freeze": (c_int, c_void_p, c_int),
    "bitllama_sampling_init": (None, POINTER(_Sampling)),
    "bitllama_session_draw": (c_int, c_void_p, POINTER(_Sampling), POINTER(c_uint32)),
    "bitllama_suggesting_init": (None, POINTER(_Suggesting)),
    "bitllama_session_suggest": (c_int, c_void_p, c_void_p, c_size_t, c_char_p, c_size_t,
                                 POINTER(_Suggesting), POINTER(_Suggestion), POINTER(c_uint32)),
    "bitllama_session_state_size": (c_size_t, c_void_p),
    "bitllama_session_save": (c_int, c_void_p, c_void_p, c_size_t),
    "bitllama_session_load": (c_int, c_void_p, c_char_p, c_size_t),
    "bitllama_conformance_hash": (c_int, POINTER(c_uint64)),
}


def _load(library):
    found = bit_ttt.load(library)
    bit_ttt._declare(found, _PROTOTYPES)
    return found


def _read(path):
    with open(path, "rb") as file:
        return file.read()


class Model(_Handle):
    """Bit-Llama: an immutable language model, made from the bytes of a file.

    A `.bitt` file carries everything; a `.safetensors` may need the bytes of its config.json. One in
    several files is made from its index and `shards`, a dict of their bytes by name.
    Sessions keep what they need of a model: it may be closed before them.
    """

    _free = "bitllama_release"
    _waits = True

    def __init__(self, data, config=None, *, shards=None, library=None):
        data, found, pointer = _bytes(data, "data"), _load(library), c_void_p()
        config = None if config is None else _bytes(config, "config")
        error = _Error()
        rest = config, len(config or b""), byref(pointer), byref(error)
        if shards is None:
            status = found.bitllama_open(data, len(data), *rest)
        else:
            files = [(os.fsencode(name), _bytes(file, name)) for name, file in shards.items()]
            table = (_Shard * len(files))(*((name, file, len(file)) for name, file in files))
            status = found.bitllama_open_sharded(data, len(data), table, len(files), *rest)
        place = f" (at byte {error.offset})" if error.offset else ""
        _check(found, status, error.text.decode("ascii", "replace") + place)
        super().__init__(found, pointer.value)
        self.config = json.loads(self._json("bitllama_config_json"))
        text = self._json("bitllama_tokenizer_json")
        self.tokenizer_json = text.decode() if text else None
        self._vocabulary = None

    @classmethod
    def open(cls, path, config=None, *, library=None):
        """Reads a file, and that of its configuration if one is named; or a folder with
        model.safetensors, or its index and shards, and a config.json."""
        if not os.path.isdir(path):
            return cls(_read(path), None if config is None else _read(config), library=library)
        config = _read(os.path.join(path, "config.json") if config is None else config)
        index = os.path.join(path, "model.safetensors.index.json")
        if not os.path.exists(index):
            return cls(_read(os.path.join(path, "model.safetensors")), config, library=library)
        index = _read(index)  # the files of this folder that it names, and no others
        names = [name for name in os.listdir(path) if json.dumps(name).encode() in index]
        shards = {name: _read(os.path.join(path, name)) for name in names}
        return cls(index, config, shards=shards, library=library)

    def _json(self, name):
        length = c_size_t()
        with self._use() as pointer:
            text = getattr(self._library, name)(pointer, byref(length))
            return ctypes.string_at(text, length.value) if length.value else b""

    parameters = property(lambda self: self._get("bitllama_parameters"))
    fingerprint = property(lambda self: self._get("bitllama_fingerprint"))

    def session(self, recall=True, generated=False):
        """A new Session, which has read nothing. It remembers the latest `recall` tokens word for
        word: a power of two from 256 to 4194304, True for 32768, False or None for none.
        `generated`: also what it writes itself."""
        options, pointer = _SessionOptions(), c_void_p()
        self._library.bitllama_session_options_init(byref(options))
        if recall is not True:  # the library's own default
            options.recall = _integer(0 if recall is None else recall, "recall", 0, 2**32 - 1)
        options.generated = bool(generated)
        self._call("bitllama_session_create_with", byref(options), byref(pointer))
        return Session(self._library, pointer.value, self.config["vocab_size"])

    def decode(self, tokens):
        """The text of tokens, by the byte-level vocabulary in the model file.

        There is no encode(): splitting text needs Unicode classes that the standard library's
        `re` lacks. Give `tokenizer_json` to a library such as HuggingFace's tokenizers for that.
        """
        with self._use():  # one that is closed says so
            if self._vocabulary is None:
                self._vocabulary = _vocabulary(self.tokenizer_json)
        try:
            ids = _array("I", tokens, "tokens", "a sequence of token ids")
            return b"".join(self._vocabulary[t] for t in ids).decode("utf-8", "replace")
        except KeyError as error:
            raise BitTTTError("INVALID_TOKEN", f"no token {error} in the tokenizer") from None


def _vocabulary(text):
    """token: bytes, of a byte-level BPE, where each byte is written as a printable character."""
    if text is None:
        raise BitTTTError("INVALID_DATA", "this model came without a tokenizer")
    tokenizer = json.loads(text)
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    byte_of = {chr(b): b for b in printable}
    byte_of.update({chr(256 + i): b for i, b in enumerate(others)})
    try:
        table = {t: bytes(byte_of[c] for c in piece)
                 for piece, t in tokenizer["model"]["vocab"].items()}
    except KeyError:
        raise BitTTTError("INVALID_DATA", "the tokenizer is no byte-level BPE") from None
    table.update({t["id"]: t["content"].encode() for t in tokenizer.get("added_tokens", [])})
    return table


class Session(_Handle):
    """A reader of one Model: it learns from every token; its size is bounded. See Model.session."""

    _free = "bitllama_session_destroy"

    def __init__(self, library, pointer, vocab_size):
        super().__init__(library, pointer)
        self.vocab_size = vocab_size

    tokens_seen = property(lambda self: self._get("bitllama_session_tokens"))

    def _ids(self, tokens, name):
        """A C array of token ids."""
        ids = _array("I", tokens, name, "a sequence of token ids")
        outside = next((t for t in ids if t >= self.vocab_size), None)
        if outside is not None:
            raise BitTTTError("INVALID_TOKEN",
                              f"token {outside} is not below {self.vocab_size}")
        return (c_uint32 * len(ids)).from_buffer(ids)

    def read(self, tokens):
        """Reads token ids; returns (log-probabilities in nats, surprises), one of each a token."""
        ids = self._ids(tokens, "tokens")
        (logprobs, first), (surprises, second) = _new_floats(len(ids)), _new_floats(len(ids))
        self._call("bitllama_session_read", ids, len(ids), first, second)
        return logprobs, surprises

    def write(self, tokens):
        """Reads token ids that were drawn, as `generate` does: they are not remembered word for
        word, unless the session was made with `generated`."""
        ids = self._ids(tokens, "tokens")
        self._call("bitllama_session_write", ids, len(ids))

    def logits(self):
        """The logits of the token to come; zeros before the first token."""
        values, target = _new_floats(self.vocab_size)
        self._call("bitllama_session_logits", target)
        return values

    def draw(self, **sampling):
        """Chooses the next token, without reading it. Options: temperature (0.7; 0: likeliest),
        top_k (0: off), top_p (1: off), min_p (0.1), repetition_penalty (0: the usual, 1.1, and off
        at temperature 0; 1: off), seed (1)."""
        options, token = _Sampling(), c_uint32()
        self._library.bitllama_sampling_init(byref(options))
        known = dict(options._fields_[1:])
        for name, value in sampling.items():
            if name not in known:
                raise BitTTTError("INVALID_OPTION", f"no {name}; there are: {', '.join(known)}")
            bits = {c_uint32: 32, c_uint64: 64}.get(known[name])
            setattr(options, name, _integer(value, name, 0, 2**bits - 1) if bits
                    else _number(value, name))
        self._call("bitllama_session_draw", byref(options), byref(token))
        return token.value

    def generate(self, prompt, max_tokens=256, stop=(), **sampling):
        """Reads the prompt (token ids), then yields tokens it draws and reads them in turn; a token
        of `stop` ends it and is neither yielded nor read. Nothing happens, and no error is
        raised, before the first token is asked for."""
        count = _integer(max_tokens, "max_tokens", 0, 2**63 - 1)
        stop = _array("I", stop, "stop", "a sequence of token ids")
        self.read(prompt)
        for _ in range(count):
            token = self.draw(**sampling)
            if token in stop:
                return
            yield token
            self.write([token])

    def suggest(self, before, typed="", count=3, min_probability=0.003):
        """Completes a word: (word, probability) of at most `count` words that begin with the
        letters `typed`, the likeliest first, none below `min_probability`. They come after the token
        ids `before`, which follow what was read, with or without a space at their end. Nothing is
        learned by asking."""
        if not isinstance(typed, str):
            raise BitTTTError("INVALID_ARGUMENT", f"typed must be a string, not {typed!r}")
        ids, letters = self._ids(before, "before"), typed.encode("utf-8", "replace")
        asked, found = _Suggesting(), c_uint32()
        self._library.bitllama_suggesting_init(byref(asked))
        asked.count = _integer(count, "count", 1, 32)
        asked.min_probability = _number(min_probability, "min_probability")
        words = (_Suggestion * asked.count)()
        self._call("bitllama_session_suggest", ids, len(ids), letters, len(letters),
                   byref(asked), words, byref(found))
        return [(one.text.decode("utf-8", "replace"), one.probability)
                for one in words[:found.value]]

    def freeze(self, frozen=True):
        """While frozen, reading uses the memories but does not change them."""
        self._call("bitllama_session_freeze", int(bool(frozen)))

    def reset(self):
        """Forgets everything read."""
        self._call("bitllama_session_reset")

    def fork(self):
        """A second Session that has read the same."""
        pointer = c_void_p()
        self._call("bitllama_session_fork", byref(pointer))
        return Session(self._library, pointer.value, self.vocab_size)

    def save(self):
        """What was learnt as bytes, which load on any machine."""
        return self._save("bitllama_session_state_size", "bitllama_session_save")

    def load(self, state):
        """Goes on where a saved session of the same model and recall was, or of no recall."""
        data = _bytes(state, "state")
        self._call("bitllama_session_load", data, len(data))


def conformance_hash(library=None):
    """A hash of what models compute: the same on every machine, kernel and target."""
    found, value = _load(library), c_uint64()
    _check(found, found.bitllama_conformance_hash(byref(value)))
    return f"{value.value:016x}"
