#!/usr/bin/env python3
"""All-reduce through PyTorch's NCCL: the peer of silicon.collective.

usage: allreduce-torch.py [GPUS]     (2 by default; one process a GPU)

Prints one line a size: bytes, microseconds, algorithm and bus bandwidth by NCCL's definition, the
median of 21 samples of some operations each, timed by events on rank 0.
"""
import os
import statistics
import sys

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

SIZES = (8 << 10, 128 << 10, 2 << 20, 32 << 20, 1 << 30)
SAMPLES = 21


def measure(rank, ranks, size):
    x = torch.ones(size // 4, dtype=torch.float32, device=f"cuda:{rank}")
    many = 5 if size > (64 << 20) else 50
    us = []
    for sample in range(SAMPLES + 3):
        start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(many):
            dist.all_reduce(x)
        stop.record()
        torch.cuda.synchronize()
        if sample >= 3:
            us.append(start.elapsed_time(stop) * 1e3 / many)
    t = statistics.median(us)
    algorithm = size / t * 1e-3
    if rank == 0:
        print(f"all_reduce {size:11d} B {t:10.1f} us  algorithm {algorithm:7.2f} GB/s"
              f"  bus {algorithm * 2 * (ranks - 1) / ranks:7.2f} GB/s", flush=True)


def work(rank, ranks):
    torch.cuda.set_device(rank)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29511")
    dist.init_process_group("nccl", rank=rank, world_size=ranks,
                            device_id=torch.device(f"cuda:{rank}"))
    for size in SIZES:
        measure(rank, ranks, size)
    dist.destroy_process_group()


if __name__ == "__main__":
    gpus = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    mp.spawn(work, args=(gpus,), nprocs=gpus)
