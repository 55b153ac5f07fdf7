"""library.py - libheadroom.so (headroom.h) on PyTorch's tensors, for the scripts beside this."""
import ctypes

import torch

DTYPES = {torch.float16: 1, torch.bfloat16: 2}
INVARIANT = 1
ABI_VERSION = 1  # of the structs below


class Lists(ctypes.Structure):
    _fields_ = [("heads", ctypes.c_int32), ("q_len", ctypes.c_int32), ("kv_len", ctypes.c_int32),
                ("n_masks", ctypes.c_int32), ("n_blocks", ctypes.c_int64),
                ("row_ptr", ctypes.c_void_p), ("col", ctypes.c_void_p),
                ("mask", ctypes.c_void_p), ("masks", ctypes.c_void_p)]


class Options(ctypes.Structure):
    _fields_ = [("device", ctypes.c_int32), ("dtype", ctypes.c_int32), ("dim", ctypes.c_int32),
                ("flags", ctypes.c_uint32), ("threads", ctypes.c_int32),
                ("reserved", ctypes.c_int32), ("variant", ctypes.c_char_p)]


class Sparse:
    """Block-sparse attention on the current GPU over one set of lists, by the named variant."""

    def __init__(self, path, heads, length, row_ptr, col, dim, dtype=torch.float16, variant=None,
                 flags=0):
        self.lib = ctypes.CDLL(path)
        if self.lib.headroom_abi_version() != ABI_VERSION:
            raise RuntimeError("%s: ABI version %d, expected %d" %
                               (path, self.lib.headroom_abi_version(), ABI_VERSION))
        self.lib.headroom_error_message.restype = ctypes.c_char_p
        self.lib.headroom_sparse_variant.restype = ctypes.c_char_p
        self.kept = [t.to(torch.int32).contiguous() for t in (row_ptr, col)]
        lists = Lists(heads=heads, q_len=length, kv_len=length, n_masks=0, n_blocks=col.numel(),
                      row_ptr=self.kept[0].data_ptr(), col=self.kept[1].data_ptr())
        options = Options(device=torch.cuda.current_device(), dtype=DTYPES[dtype], dim=dim,
                          flags=flags, variant=variant.encode() if variant else None)
        self.handle = ctypes.c_void_p()
        self.check(self.lib.headroom_sparse_open(
            ctypes.byref(self.handle), ctypes.byref(lists), ctypes.byref(options), self.stream()))
        self.name = self.lib.headroom_sparse_variant(self.handle).decode()

    def check(self, code):
        if code != 0:
            raise RuntimeError("%d: %s" % (code, self.lib.headroom_error_message().decode()))

    @staticmethod
    def stream():
        return ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)

    def run(self, q, k, v, out, scale):
        pointers = [ctypes.c_void_p(t.data_ptr()) for t in (q, k, v, out)]
        self.check(self.lib.headroom_sparse_run(self.handle, *pointers, None,
                                                    ctypes.c_float(scale), self.stream()))
        return out

    def close(self):
        self.lib.headroom_sparse_close(self.handle)
