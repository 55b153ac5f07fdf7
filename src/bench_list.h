/* bench_list.h - the benchmarks, in report order.  A new one: src/<level>/<name>.c and its line. */
BENCH(silicon_compute)
BENCH(silicon_memory)
BENCH(silicon_launch)
BENCH(silicon_collective)
BENCH(silicon_storage)
BENCH(silicon_load)
BENCH(silicon_telemetry)
BENCH(kernels_gemm)
