#!/usr/bin/env python3
"""Beside other libraries: block-sparse attention over the same lists, on one GPU, in turns.

    tools/peers/attention-sparse.py [--library libheadroom.so [--variants V,...]] [--heads 4,8,16,64] [--blocks 200]
        [--len 4096] [--only NAME,...] [--rounds R] [--like RESULT.json -o OUT.json]

Each head has --blocks random blocks of 128 x 128 (dim 64, FP16).  Contenders, those that are here:

    headroom        through the library's C interface
    flex            PyTorch FlexAttention: BlockMask from the same lists, compiled, autotuned
    flashinfer      FlashInfer's variable block sparse attention, FA3 backend; -fa2: that one
    cudnn, flash    PyTorch's dense attention through cuDNN, and FlashAttention-2: all blocks
    unfused         gather, bmm, segmented softmax, bmm: three steps in PyTorch

Every contender is recorded into CUDA graphs, one over input sets that together exceed the L2 cache
twice ("rotated"), one over a single set ("warm"); the graphs of all contenders are replayed in turns,
and what counts is the median of all rounds.  An output that is not near F64 has no time.  One formula
for all: 4 * 128 * 128 * dim * blocks operations; the dense ones are held against all their blocks too.
--like takes machine and build from a result that headroom made on this machine in this hour.
"""
import argparse
import math
import statistics
import sys
import time

import torch

import library
import record
from replay import Recorded, in_turns, sets_beyond_l2

BLOCK = 128
TOLERANCE = 2e-3  # relative L2, FP16 weights: a wrong list gives 0.1 and more


class Pattern:
    """Lists of blocks, the same number for every head."""

    def __init__(self, heads, length, blocks, seed):
        self.heads, self.length = heads, length
        self.rows = (length + BLOCK - 1) // BLOCK
        generator = torch.Generator().manual_seed(seed)
        self.dense = torch.zeros(heads, self.rows, self.rows, dtype=torch.bool)
        for h in range(heads):
            chosen = torch.randperm(self.rows * self.rows, generator=generator)[:blocks]
            self.dense[h].view(-1)[chosen] = True
        self.blocks = int(self.dense.sum())

    def csr(self):
        counts = self.dense.sum(-1).flatten()
        row_ptr = torch.zeros(counts.numel() + 1, dtype=torch.int32)
        row_ptr[1:] = counts.cumsum(0)
        return row_ptr, self.dense.nonzero()[:, 2].to(torch.int32).contiguous()


class Inputs:
    def __init__(self, pattern, dim, sets):
        shape = (pattern.heads, pattern.length, dim)
        self.q, self.k, self.v = ([torch.randn(shape, device="cuda").half() for _ in range(sets)]
                                  for _ in range(3))
        self.sets, self.dim, self.scale = sets, dim, dim ** -0.5


def reference_rows(pattern, x, chosen):
    """F64, for (head, block row) pairs of the first set."""
    for h, r in chosen:
        cols = pattern.dense[h, r].nonzero().flatten().tolist()
        q = x.q[0][h, r * BLOCK:(r + 1) * BLOCK].double()
        if not cols:
            yield h, r, torch.zeros_like(q)
            continue
        k = torch.cat([x.k[0][h, c * BLOCK:(c + 1) * BLOCK] for c in cols]).double()
        v = torch.cat([x.v[0][h, c * BLOCK:(c + 1) * BLOCK] for c in cols]).double()
        yield h, r, torch.softmax(q @ k.T * x.scale, -1) @ v


def error_of(out, rows):
    """Relative L2 and greatest error; NaN or inf never passes."""
    wrong = size = worst = 0.0
    for h, r, want in rows:
        got = out[h, r * BLOCK:(r + 1) * BLOCK].double()
        wrong += ((got - want) ** 2).sum().item()
        size += (want ** 2).sum().item()
        worst = max(worst, (got - want).abs().max().item())
    return math.sqrt(wrong / size), worst


# ---- contenders: prepare(pattern, inputs) gives call(i) -> [heads, len, dim] for set i

def ours(path, variant):
    def prepare(pattern, x):
        began = time.perf_counter()
        sparse = library.Sparse(path, pattern.heads, pattern.length, *pattern.csr(), x.dim,
                                variant=variant)
        prepare.plan_us = 1e6 * (time.perf_counter() - began)
        out = torch.empty_like(x.q[0])
        return lambda i: sparse.run(x.q[i], x.k[i], x.v[i], out, x.scale)
    return prepare


def flex(pattern, x):
    from torch.nn.attention.flex_attention import BlockMask, flex_attention
    counts = pattern.dense.sum(-1).to(torch.int32)[None].cuda()
    order = torch.argsort(~pattern.dense, dim=-1, stable=True).to(torch.int32)[None].cuda()
    none = torch.zeros_like(counts)
    mask = BlockMask.from_kv_blocks(none, torch.zeros_like(order), counts, order,
                                    BLOCK_SIZE=(BLOCK, BLOCK))
    torch._dynamo.reset()
    run = torch.compile(flex_attention, dynamic=False, mode="max-autotune-no-cudagraphs")
    return lambda i: run(x.q[i][None], x.k[i][None], x.v[i][None], block_mask=mask,
                         scale=x.scale)[0]


def flashinfer_backend(backend):
    def prepare(pattern, x):
        import flashinfer
        wrapper = flashinfer.VariableBlockSparseAttentionWrapper(
            torch.empty(128 << 20, dtype=torch.uint8, device="cuda"), backend=backend)
        sizes = torch.full((pattern.heads, pattern.rows), BLOCK, dtype=torch.int32, device="cuda")
        began = time.perf_counter()
        wrapper.plan(pattern.dense.cuda(), sizes, sizes, pattern.heads, pattern.heads, x.dim,
                     sm_scale=x.scale, q_data_type=torch.float16)
        torch.cuda.synchronize()
        prepare.plan_us = 1e6 * (time.perf_counter() - began)
        return lambda i: wrapper.run(x.q[i], x.k[i], x.v[i])
    return prepare


def dense_backend(name):
    def prepare(pattern, x):
        from torch.nn.attention import SDPBackend, sdpa_kernel
        backend = getattr(SDPBackend, name)

        def call(i):
            with sdpa_kernel(backend):
                return torch.nn.functional.scaled_dot_product_attention(
                    x.q[i][None], x.k[i][None], x.v[i][None], scale=x.scale)[0]
        return call
    prepare.dense = True
    return prepare


def unfused(pattern, x):
    at = pattern.dense.nonzero().cuda()
    lists = at[:, 0] * pattern.rows + at[:, 1]
    keys = at[:, 0] * pattern.rows + at[:, 2]
    count = pattern.heads * pattern.rows

    def call(i):
        q, k, v = (t.view(count, BLOCK, x.dim) for t in (x.q[i], x.k[i], x.v[i]))
        s = torch.bmm(q[lists], k[keys].transpose(1, 2)).float() * x.scale
        top = torch.full((count, BLOCK), -math.inf, device="cuda")
        top = top.index_reduce(0, lists, s.amax(-1), "amax")
        s = torch.exp(s - top[lists][..., None])
        total = torch.zeros(count, BLOCK, device="cuda").index_add(0, lists, s.sum(-1))
        parts = torch.bmm((s / total[lists][..., None]).half(), v[keys])
        out = torch.zeros(count, BLOCK, x.dim, device="cuda").index_add(0, lists, parts.float())
        return out.half().view(pattern.heads, pattern.length, x.dim)
    return call


CONTENDERS = {
    "flex": flex,
    "flashinfer": flashinfer_backend("fa3"),
    "flashinfer-fa2": flashinfer_backend("fa2"),
    "cudnn": dense_backend("CUDNN_ATTENTION"),
    "flash": dense_backend("FLASH_ATTENTION"),
    "unfused": unfused,
}


# ---- time

def contenders(a):
    table = dict(CONTENDERS)
    if a.lib:
        mine = {"headroom " + v: ours(a.lib, v) for v in a.variants.split(",")}
        table = {**mine, **table}
    return {n: p for n, p in table.items() if not a.only or n.split()[0] in a.only.split(",")}


def measure(a, heads):
    pattern = Pattern(heads, a.len, a.blocks, a.seed)
    one = 4 * heads * a.len * a.dim * 2
    x = Inputs(pattern, a.dim, sets_beyond_l2(one))
    generator = torch.Generator().manual_seed(a.seed + 1)
    chosen = [(int(i) // pattern.rows, int(i) % pattern.rows)
              for i in torch.randperm(heads * pattern.rows, generator=generator)[:64]]
    everywhere = Pattern(heads, a.len, pattern.rows ** 2, a.seed)
    runs = []
    for name, prepare in contenders(a).items():
        dense = getattr(prepare, "dense", False)
        try:
            r = Recorded(name, prepare(everywhere if dense else pattern, x), x.sets)
            rows = reference_rows(everywhere if dense else pattern, x, chosen)
            r.error, r.worst = error_of(r.output(), rows)
        except Exception as fault:  # whatever a library throws: it is left out and named
            print("%-14s left out: %s" % (name, str(fault).strip().split("\n")[0][:200]), flush=True)
            torch.cuda.synchronize()
            continue
        if not r.error <= TOLERANCE:
            print("%-14s WRONG: relative L2 error %.3g" % (name, r.error), flush=True)
            continue
        r.blocks = everywhere.blocks if dense else pattern.blocks
        r.plan_us = getattr(prepare, "plan_us", None)
        runs.append(r)
    in_turns(runs, a.rounds, a.replays)
    return pattern, runs


def show(a, pattern, runs):
    print("%d blocks: %d heads x %d, dim %d, density %.3f" %
          (pattern.blocks, pattern.heads, a.len, a.dim,
           pattern.blocks / (pattern.heads * pattern.rows ** 2)))
    for r in runs:
        warm, rotated = (statistics.median(r.samples[h]) for h in ("warm", "rotated"))
        tail = sorted(r.samples["warm"])[int(0.99 * len(r.samples["warm"]))]
        print("  %-14s %9.2f us warm (p99 %.2f), %9.2f rotated, %7.1f TFLOP/s useful, error %.2e "
              "max %.2e%s" %
              (r.name, warm, tail, rotated, 4e-6 * BLOCK * BLOCK * a.dim * r.blocks / warm, r.error,
               r.worst, ", plan %.0f us" % r.plan_us if r.plan_us else ""), flush=True)


def rows_of(a, pattern, runs):
    for r in runs:
        flops = 4.0 * BLOCK * BLOCK * a.dim * r.blocks
        for how, us in r.samples.items():
            params = {"case": "heads", "heads": str(pattern.heads), "len": str(a.len),
                      "dim": str(a.dim), "blocks": str(r.blocks), "caches": how, "peer": r.name}
            notes = ["planning took %.0f us" % r.plan_us] if r.plan_us else []
            yield record.row("kernels.attention.sparse", params, [1e3 * t for t in us], flops,
                             "%s (torch %s)" % (r.name, torch.__version__), r.error, TOLERANCE,
                             "F64, 64 block rows, relative L2", "normal, seed %d" % a.seed, notes)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--library", dest="lib", metavar="FILE")
    p.add_argument("--variants", default="hopper")
    p.add_argument("--heads", default="4,8,16,64")
    p.add_argument("--blocks", type=int, default=200)
    p.add_argument("--len", type=int, default=4096)
    p.add_argument("--dim", type=int, default=64)
    p.add_argument("--only")
    p.add_argument("--rounds", type=int, default=10)
    p.add_argument("--replays", type=int, default=20)
    p.add_argument("--seed", type=int, default=42)
    p.add_argument("--like")
    p.add_argument("-o", "--output")
    a = p.parse_args()
    if a.output and not a.like:
        p.error("-o needs --like")
    torch.manual_seed(a.seed)
    print("torch %s, %s" % (torch.__version__, torch.cuda.get_device_name()))
    rows = []
    for heads in a.heads.split(","):
        pattern, runs = measure(a, int(heads))
        show(a, pattern, runs)
        rows += rows_of(a, pattern, runs)
        torch.cuda.empty_cache()
    if a.output:
        record.write(a.output, a.like, sys.argv, rows)


if __name__ == "__main__":
    main()
