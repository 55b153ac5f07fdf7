#!/usr/bin/env python3
"""gemm-torch.py [N ...] - square matrix products through PyTorch, beside silicon.compute's.

For each size (default 8192) and type, the median over events around each of 30 products: with a
pause of 20 ms before each (load=burst), and one after the other after 1 s of them (load=sustained).
After a pause the device waits for half a millisecond before the first event, so that what the host
takes to launch the product (80 to 170 us then) is not in its time.
Factors are uniform in [-1, 1) (INT8: all bytes).  TFLOPS (TOPS for INT8) = 2 N^3 / time.  FP8 is
E4M3 with BF16 output, tensor scales of 1 and fast accumulation."""
import sys
import time

import torch


def median_seconds(product, pause_s, warm_s, repeats=30):
    end = time.monotonic() + warm_s
    product()
    while time.monotonic() < end:
        for _ in range(5):
            product()
        torch.cuda.synchronize()
    marks = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True))
             for _ in range(repeats)]
    for start, stop in marks:
        if pause_s:
            torch.cuda.synchronize()
            time.sleep(pause_s)
            torch.cuda._sleep(1000000)  # cycles
        start.record()
        product()
        stop.record()
    torch.cuda.synchronize()
    times = sorted(start.elapsed_time(stop) * 1e-3 for start, stop in marks)
    return times[len(times) // 2]


def uniform(n, dtype):
    made_in = torch.float64 if dtype == torch.float64 else torch.float32
    return torch.empty(n, n, device="cuda", dtype=made_in).uniform_(-1, 1).to(dtype)


def products(n):
    for name, dtype, tf32 in (("bf16", torch.bfloat16, False), ("fp16", torch.float16, False),
                              ("tf32", torch.float32, True), ("fp32", torch.float32, False),
                              ("fp64", torch.float64, False)):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        a, b = uniform(n, dtype), uniform(n, dtype)
        yield name, lambda: torch.matmul(a, b)
    a, b = uniform(n, torch.float8_e4m3fn), uniform(n, torch.float8_e4m3fn).t()
    one = torch.ones((), device="cuda")
    yield "fp8", lambda: torch._scaled_mm(a, b, scale_a=one, scale_b=one,
                                          out_dtype=torch.bfloat16, use_fast_accum=True)
    a = torch.randint(-127, 128, (n, n), device="cuda", dtype=torch.int8)
    b = torch.randint(-127, 128, (n, n), device="cuda", dtype=torch.int8)
    yield "int8", lambda: torch._int_mm(a, b)
    yield "int8 tn", lambda: torch._int_mm(a, b.t())


def main():
    print(f"torch {torch.__version__}, CUDA {torch.version.cuda}, {torch.cuda.get_device_name()}")
    for n in [int(word) for word in sys.argv[1:]] or [8192]:
        for name, product in products(n):
            burst, sustained = (2e-12 * n ** 3 / median_seconds(product, pause_s, warm_s)
                                for pause_s, warm_s in ((0.02, 0), (0, 1)))
            print(f"{name:8s} n={n:<6d} burst {burst:8.1f} T  sustained {sustained:8.1f} T",
                  flush=True)


main()
