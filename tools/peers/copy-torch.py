#!/usr/bin/env python3
"""Copies between host and GPU, and between two GPUs, through PyTorch: the peer of silicon.memory.

usage: copy-torch.py [MIB]     (64 MiB by default, as op=h2d has it)

Prints one line a copy: its name and GB/s, the median of 21 samples of some copies each, timed by
events on the stream that the copies are on.
"""
import statistics
import sys

import torch

MIB = int(sys.argv[1]) if len(sys.argv) > 1 else 64
SAMPLES, COPIES = 21, 8


def rate(name, to, source, ways=1):
    """GB/s of to.copy_(source)."""
    gb = source.numel() * source.element_size() * COPIES * ways * 1e-9
    seconds = []
    for sample in range(SAMPLES + 3):
        start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(COPIES):
            to.copy_(source, non_blocking=True)
        stop.record()
        torch.cuda.synchronize()
        if sample >= 3:
            seconds.append(start.elapsed_time(stop) * 1e-3)
    print(f"{name:28s} {gb / statistics.median(seconds):8.2f} GB/s", flush=True)


def main():
    n = MIB << 20
    device = torch.empty(n, dtype=torch.uint8, device="cuda:0")
    pinned = torch.randint(0, 256, (n,), dtype=torch.uint8).pin_memory()
    pageable = torch.randint(0, 256, (n,), dtype=torch.uint8)
    rate("h2d pinned", device, pinned)
    rate("d2h pinned", pinned, device)
    rate("h2d pageable", device, pageable)
    rate("d2h pageable", pageable, device)
    big = [torch.empty(1 << 30, dtype=torch.uint8, device="cuda:0") for _ in range(2)]
    rate("device copy (read + write)", big[0], big[1], ways=2)
    if torch.cuda.device_count() > 1:
        far = torch.empty(256 << 20, dtype=torch.uint8, device="cuda:1")
        near = torch.empty(256 << 20, dtype=torch.uint8, device="cuda:0")
        rate("peer write gpu:0 to gpu:1", far, near)
        rate("peer read gpu:1 to gpu:0", near, far)


if __name__ == "__main__":
    main()
