#!/usr/bin/env python3
"""golden-models.py - model files made by others, for test/test_gguf.c and test/test_safetensors.c.

Needs the Python packages gguf, safetensors, torch and numpy:
    python3 tools/golden-models.py test/data/models fuzz/corpus
writes small files that hold every type of metadata and the types of tensors that those packages
can make, and smaller ones for the fuzz targets, some of them damaged.  The tests know the formulas below; value i of tensor number t is ((i * 37 + t * 11) %
101 - 50) / 16, which F16 and BF16 hold exactly.
"""
import json
import os
import struct
import sys

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Q
from safetensors.torch import save_file


def values(t, *shape):
    i = np.arange(int(np.prod(shape)))
    return (((i * 37 + t * 11) % 101 - 50) / 16).astype(np.float32).reshape(shape)


def metadata(w):
    w.add_uint8("t.u8", 255)
    w.add_int8("t.i8", -128)
    w.add_uint16("t.u16", 65535)
    w.add_int16("t.i16", -32768)
    w.add_uint32("t.u32", 4294967295)
    w.add_int32("t.i32", -2147483648)
    w.add_float32("t.f32", 1.5)
    w.add_bool("t.bool", True)
    w.add_string("t.string", "h\u00e9 \U0001f600")
    w.add_uint64("t.u64", 18446744073709551615)
    w.add_int64("t.i64", -9223372036854775808)
    w.add_float64("t.f64", 0.1)
    w.add_array("a.strings", ["", "a", "\u20ac uro", "x" * 300])
    kinds = [("u8", 0, [0, 255]), ("i8", 1, [-128, 127]), ("u16", 2, [0, 65535]),
             ("i16", 3, [-32768, 32767]), ("u32", 4, [0, 4294967295]),
             ("i32", 5, [-2147483648, 2147483647]), ("f32", 6, [0.5, -2.0]),
             ("bool", 7, [True, False, True]), ("u64", 10, [0, 18446744073709551615]),
             ("i64", 11, [-9223372036854775808, 9223372036854775807]), ("f64", 12, [0.1, 1e300])]
    for name, number, content in kinds:
        w.add_key_value("a." + name, content, gguf.GGUFValueType.ARRAY,
                        sub_type=gguf.GGUFValueType(number))


def gguf_file(path, order, alignment):
    w = gguf.GGUFWriter(path, "test", endianess=order)
    if alignment:
        w.add_custom_alignment(alignment)
    metadata(w)
    w.add_tensor("f32", values(0, 5))
    w.add_tensor("f16", values(1, 3, 7).astype(np.float16))
    if order == gguf.GGUFEndian.LITTLE:
        types = [Q.BF16, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q8_0, Q.TQ1_0, Q.TQ2_0]
        for t, q in enumerate(types, start=2):
            x = values(t, 2, 3, 256)
            w.add_tensor(q.name.lower(), gguf.quants.quantize(x, q), raw_dtype=q)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def safetensors_files(folder):
    f = lambda t, *shape: torch.from_numpy(values(t, *shape))
    save_file({"a": f(0, 3, 5), "b": f(1, 7).to(torch.float16), "c": f(2, 2, 2, 2).to(torch.bfloat16),
               "scalar": torch.tensor(2.5), "mask": torch.ones(3, dtype=torch.bool),
               "positions": torch.arange(4), "none": torch.zeros(0, 4)},
              f"{folder}/golden.safetensors", metadata={"general.synthetic": "true"})
    sharded = f"{folder}/sharded"
    os.makedirs(sharded, exist_ok=True)
    shards = {"model-00001-of-00002.safetensors": {"x.weight": f(3, 4, 4), "x.bias": f(4, 4)},
              "model-00002-of-00002.safetensors": {"y.weight": f(5, 2, 4).to(torch.float16),
                                                   "y.mask": torch.ones(2, dtype=torch.int64)}}
    weight_map = {}
    for name, tensors in shards.items():
        save_file(tensors, f"{sharded}/{name}", metadata={"format": "pt"})
        weight_map.update({t: name for t in tensors})
    with open(f"{sharded}/model.safetensors.index.json", "w") as out:
        json.dump({"metadata": {"total_size": 112}, "weight_map": weight_map}, out, indent=2)
    with open(f"{sharded}/config.json", "w") as out:
        json.dump({"model_type": "test", "hidden_size": 4}, out)
    with open(f"{sharded}/tokenizer.json", "w") as out:
        json.dump({"model": {"vocab": {"\u0120a": 0}}}, out)


def text(s):
    return struct.pack("<Q", len(s)) + s


def head(version, tensors, keys):
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys)


def tensor(name, dims, kind, offset):
    return text(name) + struct.pack("<I%dQIQ" % len(dims), len(dims), *dims, kind, offset)


def padded(b, data=b""):
    return b + b"\0" * (-len(b) % 32) + data


def gguf_corpus(folder):
    alignment = text(b"general.alignment") + struct.pack("<II", 4, 64)
    strings = text(b"s") + struct.pack("<IIQ", 9, 8, 3) + text(b"") + text(b"ab") + text(b"c")
    mark = text(b"general.synthetic") + struct.pack("<IB", 7, 1)
    two = tensor(b"a", [4], 0, 0) + tensor(b"b", [32, 2], 2, 32)
    files = {
        "empty": padded(head(3, 0, 0)),
        "keys": head(3, 0, 3) + mark + strings + text(b"x") + struct.pack("<Id", 12, 0.5),
        "version-2": head(2, 0, 1) + mark,
        "tensors": padded(head(3, 2, 0) + two, b"\1" * 68),
        "aligned": padded(padded(head(3, 1, 1) + alignment + tensor(b"a", [3], 1, 0))[:128], b"\2" * 64),
        "cut": padded(head(3, 2, 0) + two, b"\1" * 67),
        "overlap": padded(head(3, 2, 0) + tensor(b"a", [16], 0, 0) + tensor(b"b", [8], 0, 32), b"\1" * 64),
        "counts": head(3, 1 << 62, 1 << 62),
        "wraps": padded(head(3, 1, 0) + tensor(b"a", [1 << 33, 1 << 33], 0, 0), b"\1" * 64),
        "string-length": head(3, 0, 1) + text(b"s") + struct.pack("<IQ", 8, 1 << 63),
        "nested": head(3, 0, 1) + text(b"s") + struct.pack("<IIQIQ", 9, 9, 1, 0, 0),
        "twice": head(3, 0, 2) + mark + mark,
        "type": padded(head(3, 1, 0) + tensor(b"a", [32], 39, 0), b"\1" * 64),
    }
    for name, content in files.items():
        with open(f"{folder}/{name}", "wb") as out:
            out.write(content)


def safetensors_corpus(folder):
    one = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    two = {"dtype": "BF16", "shape": [2, 1], "data_offsets": [8, 12]}
    files = {
        "empty": ({}, 0),
        "tensors": ({"a": one, "b": two}, 12),
        "metadata": ({"__metadata__": {"format": "pt", "general.synthetic": "true"}, "a": one}, 8),
        "alignment": ({"__metadata__": {"general.alignment": "64"}, "a": one}, 8),
        "buffers": ({"m": {"dtype": "BOOL", "shape": [3], "data_offsets": [8, 11]}, "a": one}, 11),
        "scalar": ({"s": {"dtype": "F16", "shape": [], "data_offsets": [0, 2]}}, 2),
        "nothing": ({"n": {"dtype": "F32", "shape": [0, 9], "data_offsets": [0, 0]}}, 0),
        "overlap": ({"a": one, "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, 8),
        "hole": ({"b": two}, 12),
        "wraps": ({"a": {"dtype": "F32", "shape": [1 << 62, 4], "data_offsets": [0, 0]}}, 0),
        "type": ({"a": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}}, 4),
    }
    for name, (header, data) in files.items():
        b = json.dumps(header, separators=(",", ":")).encode()
        b += b" " * (-len(b) % 8)
        with open(f"{folder}/{name}", "wb") as out:
            out.write(bytes([data]) + b)  # see fuzz/fuzz_safetensors.c
    for name, length in ("raw", 2), ("length", 1 << 63):
        with open(f"{folder}/{name}", "wb") as out:
            out.write(b"\xff" + struct.pack("<Q", length) + b"{}")


def main():
    folder, corpus = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    gguf_file(f"{folder}/golden.gguf", gguf.GGUFEndian.LITTLE, None)
    gguf_file(f"{folder}/golden-64.gguf", gguf.GGUFEndian.LITTLE, 64)
    gguf_file(f"{folder}/golden-big-endian.gguf", gguf.GGUFEndian.BIG, None)
    safetensors_files(folder)
    for name, make in ("gguf", gguf_corpus), ("safetensors", safetensors_corpus):
        os.makedirs(f"{corpus}/{name}", exist_ok=True)
        make(f"{corpus}/{name}")


main()
