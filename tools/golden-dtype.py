#!/usr/bin/env python3
"""Known answers for test/test_dtype.c, by the Python package gguf and by llama.cpp, not by our code.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install gguf
    /tmp/golden/bin/python tools/golden-dtype.py LIBGGML_BASE > test/data/dtype-golden.txt

LIBGGML_BASE is llama.cpp's libggml-base.so: what it encodes is the golden (and must be what the
package gives, where that encodes the type).  Decoding is the package's; TQ2_64, which is ours, is
worked out here.

Lines: `input` floats; then, for each type, `encode TYPE` the bytes of all inputs, and `decode TYPE`
random bytes and the FNV-1a of the bits of the floats they stand for.  All in hexadecimal, floats as
their bits.
"""
import ctypes
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as T, quants

TYPES = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K",
         "TQ1_0", "TQ2_0"]
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2],
          "Q5_K": [0, 2], "Q6_K": [208], "TQ1_0": [52], "TQ2_0": [64]}


def fnv(raw):
    h = 0xCBF29CE484222325
    for b in raw:
        h = (h ^ b) * 0x100000001B3 % 2**64
    return "%016x" % h


def inputs(rng):
    normal = rng.standard_normal((8, 256)) * 0.02
    rows = [normal[0], normal[1], normal[2] * 100, np.abs(normal[3]), -np.abs(normal[4])]
    rows[1][[3, 77, 200]] = [0.9, -1.7, 0.3]  # outliers
    rows.append(np.where(np.arange(256) % 64 < 32, 0, normal[5]))  # groups of zeros
    rows.append(np.sign(rng.integers(-1, 2, 256)) * 0.375)  # ternary
    rows.append(np.full(256, -0.01171875))  # all equal
    rows.append(np.zeros(256))
    rows.append(normal[6] * 0.05)  # scales of the K types that are denormal in F16
    return np.array(rows, dtype=np.float32)


def encode(ggml, name, x):
    if name == "F32":
        return x.tobytes()
    block, size = GGML_QUANT_SIZES[T[name]]
    out = np.zeros(x.size // block * size, dtype=np.uint8)
    if name in ("F16", "BF16"):
        return quants.quantize(x, T[name]).tobytes()
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    ggml.ggml_quantize_chunk(ctypes.c_int(int(T[name])), x.ctypes.data_as(ctypes.c_void_p),
                             out.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(0),
                             ctypes.c_int64(x.size // 256), ctypes.c_int64(256), None)
    try:
        assert (quants.quantize(x, T[name]).reshape(-1) == out).all(), name
    except NotImplementedError:
        pass
    return out.tobytes()


def random_blocks(rng, name):
    block, size = GGML_QUANT_SIZES[T[name]]
    raw = rng.integers(0, 256, (max(1, 1024 // block), size), dtype=np.uint8)
    if name in SCALES:
        for at in SCALES[name]:  # finite ones, denormals among them
            raw[:, at + 1] &= 0xBB
    elif name != "F32":  # not infinite, not NaN
        raw[:, 1] &= 0xBB
    else:
        raw[:, 3] &= 0xBE
    if name == "TQ2_0":
        codes = raw[:, :64]
        codes &= ~((codes & codes >> 1 & 0x55) * 3)
    return raw


def tq2_64(x):
    out = b""
    for b in x.reshape(-1, 64):
        d = np.abs(b).max()
        q = [0 if d == 0 else int(np.sign(v)) if abs(np.float32(v) * (np.float32(1) / d)) >= 0.5
             else 0 for v in b]
        out += bytes(sum(q[16 * l + m] + 1 << 2 * l for l in range(4)) for m in range(16))
        out += np.float16(d).tobytes()
    return out


def tq2_64_decode(raw):
    out = []
    for b in raw.reshape(-1, 18):
        d = np.float32(b[16:].view(np.float16)[0])
        out += [np.float32((int(b[i % 16]) >> 2 * (i // 16) & 3) - 1) * d for i in range(64)]
    return np.array(out, dtype=np.float32)


def main():
    rng = np.random.default_rng(20)
    ggml = ctypes.CDLL(sys.argv[1])
    x = inputs(rng)
    print("input", x.tobytes().hex())
    for name in TYPES:
        print("encode", name, encode(ggml, name, x).hex())
        raw = random_blocks(rng, name)
        values = quants.dequantize(raw.reshape(-1), T[name]).astype(np.float32)
        print("decode", name, raw.tobytes().hex(), fnv(values.tobytes()))
    print("encode TQ2_64", tq2_64(x).hex())
    raw = rng.integers(0, 256, (16, 18), dtype=np.uint8)
    raw[:, :16] &= ~((raw[:, :16] & raw[:, :16] >> 1 & 0x55) * 3)
    raw[:, 17] &= 0xBB
    print("decode TQ2_64", raw.tobytes().hex(), fnv(tq2_64_decode(raw).tobytes()))


main()
