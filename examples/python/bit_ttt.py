# SPDX-License-Identifier: MIT
"""bit_ttt.py - Bit-TTT from Python, on ctypes alone: copy this file into your project.

    import bit_ttt
    with bit_ttt.Layer(64, objective="predict") as layer:
        output, surprise = layer.observe(floats)     # learns while it reads

The shared library is looked for in this order: the argument `library` (a path, or what `load`
returned), the environment variable BIT_TTT_LIBRARY (a path), the system's loader.

Floats go in as array.array('f'), a ctypes array, a NumPy array or any sequence of numbers, token
after token. They come out as array.array('f'), or as a NumPy array where one went in.

Ownership: an object owns its C counterpart and frees it in close(), at the end of a `with`, or
when it is collected. The library keeps no pointer to your arrays, and copies what it keeps.

Threads: a call lets other Python threads run meanwhile; leave its arrays alone until it returns. A
Layer takes one call at a time, and a second one meanwhile raises BUSY; different layers work in
parallel. After os.fork() a Layer with threads > 1 computes the same in the child, with one thread.

Failure: a call succeeds whole or raises BitTTTError and changes nothing.
"""
import array
import contextlib
import ctypes
import math
import operator
import os
import sys
import threading
import weakref
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_uint32, c_uint64, c_void_p

__all__ = ["BitTTTError", "Layer", "conformance_hash", "kernel", "kernels", "load", "set_kernel",
           "version"]

STATUS = {
    "NULL_POINTER": 1, "DIMENSION_MISMATCH": 2, "NON_FINITE": 3, "INPUT_RANGE": 4, "DIVERGED": 5,
    "OUT_OF_MEMORY": 6, "INVALID_CONFIG": 7, "INVALID_WEIGHTS": 8, "OVERLAP": 9,
    "UNKNOWN_KERNEL": 10, "UNSUPPORTED_KERNEL": 11, "BUFFER_SIZE": 12, "STATE_DAMAGED": 20,
    "STATE_VERSION": 21, "STATE_DIMENSIONS": 22, "STATE_LEARNING_RATE": 23, "STATE_OBJECTIVE": 24,
    "STATE_WEIGHTS": 25, "STATE_RECALL": 26, "STATE_RULE": 27, "INVALID_TOKEN": 30,
    "INVALID_OPTION": 31, "INVALID_PROBABILITY": 32, "MODEL_FORMAT": 40,
    "MODEL_VERSION": 41, "MODEL_CONFIG": 42, "MODEL_TENSOR": 43, "MODEL_NON_FINITE": 44,
    "CHECKPOINT": 45, "INVALID_DATA": 46, "INVALID_ARGUMENT": 60, "DESTROYED": 61, "BUSY": 62,
    "BACKEND_UNAVAILABLE": 64, "PANIC": 99}
OBJECTIVES = ("reconstruct", "predict")
RULES = ("gradient", "rls")


class BitTTTError(Exception):
    """A failed call, which has changed nothing.

    `code` is a word of STATUS to switch on, `status` its number (from 60 on those of this module).
    """

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = STATUS.get(code, 99)


# ---- the library -------------------------------------------------------------------------------

class _Config(ctypes.Structure):
    _fields_ = [("size", c_uint32), ("objective", c_uint32), ("hidden_dim", c_uint64),
                ("seed", c_uint64), ("inner_lr", c_float), ("threads", c_uint32),
                ("rule", c_uint32), ("forgetting", c_float), ("ridge", c_float),
                ("reserved", c_uint32)]


_PROTOTYPES = {  # name: result, arguments; the headers bit_ttt/*.h say what they do
    "ttt_status_string": (c_char_p, c_int),
    "ttt_version": (c_char_p,),
    "ttt_config_init": (None, POINTER(_Config)),
    "ttt_create_from_config": (c_int, POINTER(_Config), POINTER(c_void_p)),
    "ttt_destroy": (None, c_void_p),
    "ttt_forward_ex": (c_int, c_void_p, c_void_p, c_size_t, c_size_t, c_void_p, c_size_t, c_void_p),
    "ttt_set_weights": (c_int, c_void_p, c_void_p, c_void_p),
    "ttt_get_weights": (c_int, c_void_p, c_void_p, c_void_p),
    "ttt_reset": (c_int, c_void_p),
    "ttt_clone": (c_void_p, c_void_p),
    "ttt_state_size": (c_size_t, c_void_p),
    "ttt_save_state": (c_int, c_void_p, c_void_p, c_size_t),
    "ttt_load_state": (c_int, c_void_p, c_char_p, c_size_t),
    "ttt_tokens_seen": (c_uint64, c_void_p),
    "ttt_weights_fingerprint": (c_uint64, c_void_p),
    "ttt_get_memory": (c_int, c_void_p, c_void_p),
    "ttt_kernel": (c_char_p,),
    "ttt_set_kernel": (c_int, c_char_p),
    "ttt_kernel_count": (c_size_t,),
    "ttt_kernel_name": (c_char_p, c_size_t),
    "ttt_kernel_usable": (c_int, c_size_t),
    "ttt_conformance_hash": (c_int, POINTER(c_uint64)),
}
_loaded = {}


def _declare(library, prototypes):
    for symbol, (result, *arguments) in prototypes.items():
        function = getattr(library, symbol)
        function.restype, function.argtypes = result, arguments


def load(library=None):
    """Loads the shared library, once for each path; see the top of the file for the order."""
    if isinstance(library, ctypes.CDLL):
        return library
    path = library if library is not None else os.environ.get("BIT_TTT_LIBRARY")
    try:
        path = os.fsdecode(path) if path else None
    except TypeError:
        raise BitTTTError("INVALID_ARGUMENT", f"library must be a path, not {path!r}") from None
    if path and "\0" in path:
        raise BitTTTError("INVALID_ARGUMENT", f"no path has a zero byte, as library has: {path!r}")
    if path in _loaded:
        return _loaded[path]
    system = {"win32": ["Bit_TTT.dll"], "darwin": ["libBit_TTT.dylib", "libBit_TTT.0.dylib"]}
    names = [path] if path else system.get(sys.platform, ["libBit_TTT.so", "libBit_TTT.so.0"])
    tried = []
    for name in names:
        try:
            found = ctypes.CDLL(name)
            _declare(found, _PROTOTYPES)
            _loaded[path] = found
            return found
        except (OSError, AttributeError) as error:  # AttributeError: another library, or too old
            tried.append(f"{name}: {error}")
        except ValueError:  # letters that no path can have, or that the loader's message cannot
            tried.append(f"{name!a}: no such library")
    hint = "" if path else "; set BIT_TTT_LIBRARY to its path, or pass library="
    raise BitTTTError("BACKEND_UNAVAILABLE",
                      f"cannot load the library ({'; '.join(tried)}){hint}") from None


def _code(status):
    return next((code for code, number in STATUS.items() if number == status), "PANIC")


def _check(library, status, detail=None):
    """Raises the error of a status other than 0."""
    if status:
        raise BitTTTError(_code(status), detail or library.ttt_status_string(status).decode())


# ---- arguments ---------------------------------------------------------------------------------

def _integer(value, name, low, high):
    try:
        number = operator.index(value)
    except TypeError:
        raise BitTTTError("INVALID_ARGUMENT", f"{name} must be an integer, not {value!r}") from None
    if not low <= number <= high:
        raise BitTTTError("INVALID_ARGUMENT", f"{name} must be {low} to {high}, not {number}")
    return number


def _number(value, name):
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise BitTTTError("INVALID_ARGUMENT", f"{name} must be a number, not {value!r}") from None


def _array(kind, values, name, what):
    """array.array of `kind` from a sequence; strings and bytes are never meant."""
    raw = isinstance(values, memoryview) and values.format in ("B", "b", "c")
    if raw or isinstance(values, (str, bytes, bytearray)):
        raise BitTTTError("INVALID_ARGUMENT", f"{name} must be {what}, not {type(values).__name__}")
    try:
        return array.array(kind, values)
    except (TypeError, ValueError, OverflowError) as error:
        raise BitTTTError("INVALID_ARGUMENT", f"{name} must be {what}: {error}") from None


def _floats(values, name):
    """A C array of floats: the caller's own memory where that can be, else a copy."""
    if hasattr(values, "__array__"):  # NumPy is there, then
        import numpy
        try:
            values = numpy.asarray(values)
            if values.dtype.kind not in "fiub":
                raise TypeError(f"an array of {values.dtype}")
            values = numpy.ascontiguousarray(values, numpy.float32)
        except (TypeError, ValueError) as error:
            raise BitTTTError("INVALID_ARGUMENT", f"{name} must be numbers: {error}") from None
        values = values if values.flags.writeable else values.copy()
        return (c_float * values.size).from_buffer(values)
    if not isinstance(values, array.array) or values.typecode != "f":
        values = _array("f", values, name, "a flat sequence of numbers")
    return (c_float * len(values)).from_buffer(values)


def _writable(output):
    """The C array in the memory of an output array."""
    try:
        view = memoryview(output)
        if view.format == "f" and view.c_contiguous and not view.readonly:
            return (c_float * (view.nbytes // 4)).from_buffer(output)
    except TypeError:
        pass
    raise BitTTTError("INVALID_ARGUMENT",
                      "output must be a writable array of 32-bit floats, such as array.array('f')")


def _new_floats(count):
    """A new array of floats, and the C array in its memory."""
    values = array.array("f", bytes(4 * count))
    return values, (c_float * count).from_buffer(values)


def _bytes(data, name):
    try:
        return data if isinstance(data, bytes) else bytes(memoryview(data))
    except TypeError:
        raise BitTTTError("INVALID_ARGUMENT",
                          f"{name} must be bytes, not {type(data).__name__}") from None


class _Handle:
    """An object of the library and its lock; `_free` is the function that frees it."""

    _pointer = None
    _free = ""
    _waits = False  # a second call at the same time: waits, or is an error

    def __init__(self, library, pointer):
        self._library, self._lock, self._pointer = library, threading.Lock(), pointer
        if self._waits:
            _waiting.add(self)

    @contextlib.contextmanager
    def _use(self):
        if not self._lock.acquire(blocking=self._waits):
            raise BitTTTError("BUSY", f"another thread is using this {type(self).__name__}")
        try:
            if not self._pointer:
                raise BitTTTError("DESTROYED", f"this {type(self).__name__} is closed")
            yield self._pointer
        finally:
            self._lock.release()

    def _call(self, name, *arguments, detail=None):
        with self._use() as pointer:
            _check(self._library, getattr(self._library, name)(pointer, *arguments), detail)

    def _get(self, name):
        with self._use() as pointer:
            return getattr(self._library, name)(pointer)

    def _save(self, size, save):
        with self._use() as pointer:
            buffer = ctypes.create_string_buffer(getattr(self._library, size)(pointer))
            _check(self._library, getattr(self._library, save)(pointer, buffer, len(buffer)))
            return buffer.raw

    def _no_copy(self, *_):
        raise BitTTTError("INVALID_ARGUMENT", f"a {type(self).__name__} owns memory of the library and "
                          "cannot be copied: use clone() or fork(), or save and restore it")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _no_copy

    def close(self):
        """Frees the object; a second time is fine. Any other use afterwards raises DESTROYED."""
        if self._pointer:
            with self._use() as pointer:
                getattr(self._library, self._free)(pointer)
                self._pointer = None

    def __enter__(self):
        with self._use():  # one that is closed says so at once
            return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        with contextlib.suppress(BitTTTError):
            self.close()


_waiting = weakref.WeakSet()  # objects whose calls wait for each other


def _renew_locks():
    """In the child of a fork: a thread that held one of these is not there to give it back."""
    for handle in list(_waiting):
        handle._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


# ---- the layer ---------------------------------------------------------------------------------

class Layer(_Handle):
    """A memory that learns with every token (hidden_dim floats) it reads.

    objective: "reconstruct" (the original engine's; how new is a token?) or "predict" (how badly
    did the token before foretell it?). inner_lr: stable from 0 to below 2; 0.1 for reconstruct
    and 0.5 for predict unless given. rule: "gradient", or "rls", recursive least squares, which has
    no inner_lr but forgetting (above 0.9, at most 1; 0.9995) and ridge (1e-6 to 1e6; 0.005).
    seed: of the fixed ternary weights. threads: 1 to 64, the calling one included; no effect on
    results.
    """

    _free = "ttt_destroy"

    def __init__(self, hidden_dim=64, *, objective="reconstruct", inner_lr=None, rule="gradient",
                 forgetting=0.9995, ridge=0.005, seed=1, threads=1, library=None):
        if objective not in OBJECTIVES:
            raise BitTTTError("INVALID_CONFIG",
                              f"objective must be one of {OBJECTIVES}, not {objective!r}")
        if rule not in RULES:
            raise BitTTTError("INVALID_CONFIG", f"rule must be one of {RULES}, not {rule!r}")
        found, pointer = load(library), c_void_p()
        rate = inner_lr if inner_lr is not None else (0.1, 0.5)[OBJECTIVES.index(objective)]
        config = _Config()
        found.ttt_config_init(byref(config))
        config.objective = OBJECTIVES.index(objective)
        config.hidden_dim = _integer(hidden_dim, "hidden_dim", 4, 65536)
        config.seed = _integer(seed, "seed", 0, 2**64 - 1)
        config.threads = _integer(threads, "threads", 1, 64)
        config.inner_lr = _number(rate, "inner_lr")
        if not math.isfinite(config.inner_lr):
            raise BitTTTError("INVALID_CONFIG", f"inner_lr must be a finite float, not {rate!r}")
        config.rule = RULES.index(rule)
        config.forgetting = _number(forgetting, "forgetting")
        if not c_float(0.9).value < config.forgetting <= 1:
            raise BitTTTError("INVALID_CONFIG",
                              f"forgetting must be above 0.9 and at most 1, not {forgetting!r}")
        config.ridge = _number(ridge, "ridge")
        if not c_float(1e-6).value <= config.ridge <= 1e6:
            raise BitTTTError("INVALID_CONFIG", f"ridge must be 1e-6 to 1e6, not {ridge!r}")
        _check(found, found.ttt_create_from_config(byref(config), byref(pointer)))
        self._adopt(found, pointer.value, config)

    def _adopt(self, library, pointer, config):
        super().__init__(library, pointer)
        self._config = config

    hidden_dim = property(lambda self: self._config.hidden_dim, doc="Floats a token.")
    memory_dim = property(lambda self: self.hidden_dim // 4, doc="Rows and columns of the memory.")
    inner_lr = property(lambda self: self._config.inner_lr, doc="Learning rate, as a float32.")
    objective = property(lambda self: OBJECTIVES[self._config.objective])
    rule = property(lambda self: RULES[self._config.rule])
    forgetting = property(lambda self: self._config.forgetting, doc="Of rls, as a float32.")
    ridge = property(lambda self: self._config.ridge, doc="Of rls, as a float32.")
    threads = property(lambda self: self._config.threads)
    tokens_seen = property(lambda self: self._get("ttt_tokens_seen"), doc="Since the last reset.")
    fingerprint = property(lambda self: self._get("ttt_weights_fingerprint"),
                           doc="Of the ternary weights; a saved state loads only with the same.")

    def forward(self, floats, output=None):
        """Reads tokens, learns from each, and returns as many floats: in `output` if that is given,
        an array of the input's length, or the input itself."""
        return self._read(floats, output, False)[0]

    def observe(self, floats, output=None):
        """As forward, and the surprise of each token: 1 for one never seen, towards 0 if known."""
        return self._read(floats, output, True)

    def _read(self, floats, given, surprise):
        source = _floats(floats, "input")
        count, dim = len(source), self.hidden_dim
        if count == 0 or count % dim:
            raise BitTTTError("DIMENSION_MISMATCH",
                              f"the input must be whole tokens of {dim} floats; it has {count}")
        output, target = _new_floats(count) if given is None else (given, _writable(given))
        surprises, store = _new_floats(count // dim if surprise else 0)
        with self._use() as pointer:
            status = self._library.ttt_forward_ex(pointer, source, count, count // dim, target,
                                                  len(target), store if surprise else None)
        if status == STATUS["NON_FINITE"]:
            at = next(i for i, x in enumerate(source) if not math.isfinite(x))
            _check(self._library, status, f"input[{at}] is {source[at]}")
        if len(target) != count:
            _check(self._library, status, f"the output must have {count} floats, not {len(target)}")
        _check(self._library, status)
        if hasattr(floats, "__array__"):
            import numpy
            if given is None:
                output = numpy.frombuffer(output, numpy.float32).reshape(numpy.shape(floats))
            surprises = numpy.frombuffer(surprises, numpy.float32) if surprise else surprises
        return output, surprises

    def save(self):
        """The memory as bytes, which load on any machine: versioned and checksummed."""
        return self._save("ttt_state_size", "ttt_save_state")

    def load(self, state):
        """Replaces the memory by a saved one of a layer of the same dimension, objective, rule,
        weights, and learning rate or forgetting and ridge; each mismatch is a STATE_ error of its own."""
        data = _bytes(state, "state")
        self._call("ttt_load_state", data, len(data))

    def reset(self):
        """Empties the memory: the layer is as it was made."""
        self._call("ttt_reset")

    def clone(self):
        """A second Layer with a copy of the memory; nothing mutable is shared."""
        pointer = self._get("ttt_clone")
        if not pointer:
            raise BitTTTError("OUT_OF_MEMORY", "out of memory or threads")
        twin = object.__new__(Layer)
        twin._adopt(self._library, pointer, self._config)
        return twin

    def memory(self):
        """The matrix W after the last token: memory_dim x memory_dim floats, row after row."""
        values, target = _new_floats(self.memory_dim**2)
        self._call("ttt_get_memory", target)
        return values

    def get_weights(self):
        """The ternary matrices (down, up) as array.array('b'), row after row ([in][out])."""
        both = [array.array("b", bytes(self.hidden_dim * self.memory_dim)) for _ in range(2)]
        self._call("ttt_get_weights", *((ctypes.c_int8 * len(m)).from_buffer(m) for m in both))
        return tuple(both)

    def set_weights(self, down, up):
        """Replaces the ternary matrices (-1, 0, 1; [in][out]) and empties the memory."""
        size, both = self.hidden_dim * self.memory_dim, []
        for name, values in (("down", down), ("up", up)):
            matrix = _array("b", values, name, "a flat sequence of -1, 0 and 1")
            if len(matrix) != size:
                raise BitTTTError("DIMENSION_MISMATCH",
                                  f"{name} must have {size} weights; it has {len(matrix)}")
            both.append((ctypes.c_int8 * size).from_buffer(matrix))
        self._call("ttt_set_weights", *both)


# ---- the library as a whole --------------------------------------------------------------------

def version(library=None):
    """The library's version, "MAJOR.MINOR.PATCH"."""
    return load(library).ttt_version().decode()


def kernel(library=None):
    """The name of the active kernel."""
    return load(library).ttt_kernel().decode()


def kernels(library=None):
    """Names of the kernels that this CPU can run, best first."""
    found = load(library)
    return [found.ttt_kernel_name(i).decode() for i in range(found.ttt_kernel_count())
            if found.ttt_kernel_usable(i)]


def set_kernel(name, library=None):
    """Chooses a kernel ("auto": the best) for the whole process; results are the same bits."""
    found = load(library)
    _check(found, found.ttt_set_kernel(str(name).encode()))


def conformance_hash(library=None):
    """A hash of what layers compute: the same on every machine, kernel and target."""
    found, value = load(library), c_uint64()
    _check(found, found.ttt_conformance_hash(byref(value)))
    return f"{value.value:016x}"
