#!/usr/bin/env python3
"""Beside PyTorch: dense causal attention of prompts and of decoding steps, on one GPU, in turns.

    tools/peers/attention-dense.py [--points TOKENS:CONTEXT:HEADS:KV_HEADS:DIM,...] [--rounds R]
        [--like RESULT.json -o OUT.json]

A point is a call of `kernels.attention.dense`: TOKENS new positions that follow CONTEXT others, FP16.
Contenders are cuDNN, FlashAttention-2 and the memory-efficient kernel behind PyTorch's attention, each
where it takes the shape.  They are recorded into CUDA graphs and replayed in turns (replay.py); an
output that is not near F64 has no time.  Operations are those of the scores that exist:
4 * dim * heads * (TOKENS * CONTEXT + TOKENS * (TOKENS + 1) / 2).
"""
import argparse
import math
import statistics
import sys

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.bias import causal_lower_right

import record
from replay import Recorded, in_turns, sets_beyond_l2

TOLERANCE = 2e-3  # relative L2; a mask that is off by one position gives more
BACKENDS = {"cudnn": SDPBackend.CUDNN_ATTENTION, "flash": SDPBackend.FLASH_ATTENTION,
            "efficient": SDPBackend.EFFICIENT_ATTENTION}


class Point:
    def __init__(self, text):
        self.tokens, self.context, self.heads, self.kv_heads, self.dim = map(int, text.split(":"))
        self.positions = self.context + self.tokens
        self.flops = 4.0 * self.dim * self.heads * (self.tokens * self.context +
                                                    self.tokens * (self.tokens + 1) / 2)
        self.kv_bytes = 2 * 2 * self.positions * self.kv_heads * self.dim
        self.sets = sets_beyond_l2(self.kv_bytes)

        def random(heads, length):
            return [torch.randn((1, heads, length, self.dim), device="cuda").half()
                    for _ in range(self.sets)]
        self.q = random(self.heads, self.tokens)
        self.k, self.v = random(self.kv_heads, self.positions), random(self.kv_heads, self.positions)

    def call(self, backend, i):
        with sdpa_kernel(backend):
            square = self.tokens == self.positions
            mask = None if square or self.tokens == 1 else causal_lower_right(self.tokens,
                                                                             self.positions)
            return torch.nn.functional.scaled_dot_product_attention(
                self.q[i], self.k[i], self.v[i], attn_mask=mask, is_causal=square and mask is None
                and self.tokens > 1, enable_gqa=self.heads != self.kv_heads)

    def error_of(self, out):
        """Against F64 in some heads and positions of the first set."""
        wrong = size = 0.0
        for h in {0, self.heads // 2, self.heads - 1}:
            kv = h // (self.heads // self.kv_heads)
            for t in {0, self.tokens // 3, self.tokens - 1}:
                last = self.context + t + 1
                k, v = (x[0][0, kv, :last].double() for x in (self.k, self.v))
                want = torch.softmax(self.q[0][0, h, t].double() @ k.T / math.sqrt(self.dim), -1) @ v
                wrong += ((out[0, h, t].double() - want) ** 2).sum().item()
                size += (want ** 2).sum().item()
        return math.sqrt(wrong / size)


def measure(a, point):
    runs = []
    for name, backend in BACKENDS.items():
        try:
            r = Recorded(name, lambda i, b=backend: point.call(b, i), point.sets)
            r.error = point.error_of(r.output())
        except Exception as fault:  # whatever a library throws: it is left out and named
            print("%-10s left out: %s" % (name, str(fault).strip().split("\n")[0][:80]), flush=True)
            torch.cuda.synchronize()
            continue
        if not r.error <= TOLERANCE:
            print("%-10s WRONG: relative L2 error %.3g" % (name, r.error), flush=True)
            continue
        runs.append(r)
    in_turns(runs, a.rounds, a.replays)
    for r in runs:
        warm, rotated = (statistics.median(r.samples[h]) for h in ("warm", "rotated"))
        print("  %-10s %9.2f us warm, %9.2f rotated: %6.1f TFLOP/s, %5.0f GB/s of K and V" %
              (r.name, warm, rotated, 1e-6 * point.flops / warm, 1e-3 * point.kv_bytes / rotated),
              flush=True)
    return runs


def rows_of(point, runs):
    for r in runs:
        for how, us in r.samples.items():
            params = {"tokens": str(point.tokens), "context": str(point.context),
                      "heads": str(point.heads), "kv_heads": str(point.kv_heads),
                      "head_dim": str(point.dim), "kv": "f16", "caches": how, "peer": r.name}
            yield record.row("kernels.attention.dense", params, [1e3 * t for t in us], point.flops,
                             "%s (torch %s)" % (r.name, torch.__version__), r.error, TOLERANCE,
                             "F64, nine rows, relative L2", "normal")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--points", default="512:0:9:3:64,4096:0:32:8:128,1:4096:32:8:128,1:32768:32:8:128")
    p.add_argument("--rounds", type=int, default=10)
    p.add_argument("--replays", type=int, default=20)
    p.add_argument("--like")
    p.add_argument("-o", "--output")
    a = p.parse_args()
    if a.output and not a.like:
        p.error("-o needs --like")
    torch.manual_seed(42)
    print("torch %s, %s" % (torch.__version__, torch.cuda.get_device_name()))
    rows = []
    for text in a.points.split(","):
        point = Point(text)
        print("%d tokens behind %d, %d heads over %d, dim %d" %
              (point.tokens, point.context, point.heads, point.kv_heads, point.dim))
        rows += rows_of(point, measure(a, point))
        del point
        torch.cuda.empty_cache()
    if a.output:
        record.write(a.output, a.like, sys.argv, rows)


if __name__ == "__main__":
    main()
