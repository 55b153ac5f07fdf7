#!/usr/bin/env python3
"""Block-sparse attention on PyTorch tensors through libheadroom.so, with nothing but ctypes.

    python3 sparse_attention_torch.py [libheadroom.so]

Each head sees the blocks beside its own and some others by chance, one block by a bit mask.  On the
CPU, and on the GPU (on torch's current stream, directly and from a captured CUDA graph) where there
is one, outputs and LSE are compared with PyTorch's own attention in float64 under the same mask.
Exit code 0: all of it was right."""
import ctypes
import sys

import torch

BLOCK = 128
CPU = -1
DTYPES = {torch.float16: 1, torch.bfloat16: 2}  # HEADROOM_F16, HEADROOM_BF16


class Lists(ctypes.Structure):
    """struct headroom_sparse_lists"""

    _fields_ = [(name, ctypes.c_int32) for name in ("heads", "q_len", "kv_len", "n_masks")] + [
        ("n_blocks", ctypes.c_int64)
    ] + [(name, ctypes.c_void_p) for name in ("row_ptr", "col", "mask", "masks")]


class Options(ctypes.Structure):
    """struct headroom_sparse_options"""

    _fields_ = [
        ("device", ctypes.c_int32),
        ("dtype", ctypes.c_int32),
        ("dim", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
        ("threads", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
        ("variant", ctypes.c_char_p),
    ]


def load(path):
    lib = ctypes.CDLL(path)
    pointer = ctypes.c_void_p
    lib.headroom_error_message.restype = ctypes.c_char_p
    lib.headroom_sparse_variant.restype = ctypes.c_char_p
    lib.headroom_sparse_variant.argtypes = [pointer]
    lib.headroom_sparse_variant_name.restype = ctypes.c_char_p
    lib.headroom_sparse_open.argtypes = [pointer, pointer, pointer, pointer]
    lib.headroom_sparse_run.argtypes = [pointer] * 6 + [ctypes.c_float, pointer]
    lib.headroom_sparse_close.argtypes = [pointer]
    lib.headroom_sparse_close.restype = None
    if lib.headroom_abi_version() != 1:
        sys.exit(f"{path} is of ABI version {lib.headroom_abi_version()}, this file is for 1")
    return lib


class SparseAttention:
    """Lists of blocks, loaded once.  Tensors are [heads, length, dim]."""

    def __init__(self, lib, row_ptr, col, mask, masks, shape, dtype, device, variant=None):
        heads, q_len, kv_len, dim = shape
        self.lib, self.handle = lib, ctypes.c_void_p()
        self.device, self.dtype, self.shape = torch.device(device), dtype, shape
        index = CPU if self.device.type == "cpu" else self.device.index or 0
        lists = Lists(heads, q_len, kv_len, len(masks), len(col))
        # In variables: the library borrows them until open is back.
        arrays = [t.to(torch.int32).cpu().contiguous() for t in (row_ptr, col, mask, masks)]
        lists.row_ptr, lists.col, lists.mask, lists.masks = (t.data_ptr() for t in arrays)
        options = Options(index, DTYPES[dtype], dim, 0, 0, 0, variant)
        self.check(lib.headroom_sparse_open(ctypes.byref(self.handle), ctypes.byref(lists),
                                            ctypes.byref(options), self.stream()))

    def check(self, code):
        if code < 0:
            raise RuntimeError(f"{code}: {self.lib.headroom_error_message().decode()}")

    def stream(self):
        if self.device.type == "cpu":
            return None
        return torch.cuda.current_stream(self.device).cuda_stream

    def __call__(self, q, k, v, o, lse, scale):
        """Into o and lse, on torch's current stream."""
        heads, q_len, kv_len, dim = self.shape
        for t, length in ((q, q_len), (k, kv_len), (v, kv_len), (o, q_len)):
            if t.shape != (heads, length, dim) or t.dtype != self.dtype or not t.is_contiguous():
                raise ValueError("tensors are contiguous [heads, length, dim] of the dtype")
        self.check(self.lib.headroom_sparse_run(self.handle, *(t.data_ptr() for t in (q, k, v, o)),
                                                lse.data_ptr(), scale, self.stream()))

    def variant(self):
        return self.lib.headroom_sparse_variant(self.handle).decode()

    def close(self):
        self.lib.headroom_sparse_close(self.handle)
        self.handle = ctypes.c_void_p()


def make_lists(heads, q_len, kv_len):
    """Lists in CSR, their masks, and the same as a mask of every score [heads, q_len, kv_len]."""
    rows, cols = -(-q_len // BLOCK), -(-kv_len // BLOCK)
    row, column = torch.arange(rows)[:, None], torch.arange(cols)[None, :]
    blocks = (torch.rand(heads, rows, cols) < 0.3) | ((row - column).abs() <= 1)
    blocks[0, rows // 2] = False  # a block row that sees nothing
    bits = torch.rand(1, BLOCK, BLOCK) < 0.5
    scores = blocks.repeat_interleave(BLOCK, 1).repeat_interleave(BLOCK, 2)
    head, r, c = blocks.nonzero()[-1].tolist()
    scores[head, r * BLOCK:(r + 1) * BLOCK, c * BLOCK:(c + 1) * BLOCK] = bits[0]
    row_ptr = torch.cat([torch.zeros(1), blocks.sum(2).flatten().cumsum(0)]).to(torch.int32)
    mask = torch.full((int(blocks.sum()),), -1)
    mask[-1] = 0
    # 32 columns a word, the lowest bit first.
    words = (bits.view(1, BLOCK, BLOCK // 32, 32).long() << torch.arange(32)).sum(3)
    words = torch.where(words >= 2**31, words - 2**32, words)
    return row_ptr, blocks.nonzero()[:, 2], mask, words, scores[:, :q_len, :kv_len]


def reference(q, k, v, scores, scale):
    s = (q.double() @ k.double().transpose(1, 2)) * scale
    s = s.masked_fill(~scores.to(s.device), float("-inf"))
    lse = s.logsumexp(2)
    p = torch.exp(s - lse.clamp_min(-1e300)[..., None])
    return p @ v.double(), lse


def compare(what, o, lse, want):
    error = ((o.double() - want[0]).norm() / want[0].norm()).item()
    seen = want[1] > float("-inf")
    off = (lse.double() - want[1])[seen].abs().max().item()
    # Weights and outputs are rounded to the dtype; LSE is float32.
    right = error <= torch.finfo(o.dtype).eps and off <= 1e-3
    right = right and bool((lse[~seen] == float("-inf")).all()) and bool((o[~seen] == 0).all())
    print(f"{what}: relative error {error:.2e}, LSE off by {off:.1e}: {'ok' if right else 'WRONG'}")
    return right


def try_device(lib, device, dtype, dim, variant=None):
    torch.manual_seed(1)
    heads, q_len, kv_len, scale = 3, 1000, 1300, dim**-0.5
    *lists, scores = make_lists(heads, q_len, kv_len)
    q, k, v = (torch.randn(heads, n, dim).to(device, dtype) for n in (q_len, kv_len, kv_len))
    o = torch.full_like(q, float("nan"))
    lse = torch.full((heads, q_len), float("nan"), device=device)
    want = reference(q, k, v, scores, scale)
    attention = SparseAttention(lib, *lists, (heads, q_len, kv_len, dim), dtype, device, variant)
    what = f"{device} {str(dtype)[6:]} dim {dim} {attention.variant()}"
    attention(q, k, v, o, lse, scale)
    right = compare(what, o, lse, want)
    if q.is_cuda:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        o.fill_(float("nan"))
        with torch.cuda.stream(stream):
            attention(q, k, v, o, lse, scale)
        stream.synchronize()
        right &= compare(what + ", another stream", o, lse, want)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            attention(q, k, v, o, lse, scale)
        o.fill_(float("nan"))
        graph.replay()
        torch.cuda.synchronize()
        right &= compare(what + ", graph", o, lse, want)
        try:
            attention(q.cpu(), k, v, o, lse, scale)
            right = False
            print(what + ": a host pointer was taken: WRONG")
        except RuntimeError as e:
            print(f"{what}: host pointer refused: {e}")
    attention.close()
    return right


def main():
    lib = load(sys.argv[1] if len(sys.argv) > 1 else "libheadroom.so.1")
    right = True
    for device, index in [("cpu", CPU)] + [("cuda:0", 0)] * torch.cuda.is_available():
        for i in range(100):
            name = lib.headroom_sparse_variant_name(index, i)
            if not name:
                break
            for dtype in DTYPES:
                for dim in (64, 128):
                    try:
                        right &= try_device(lib, device, dtype, dim, name)
                    except RuntimeError as e:
                        if not str(e).startswith("-5:"):  # HEADROOM_E_NOTSUP
                            raise
                        print(f"{device} {name.decode()}: {e}")
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
