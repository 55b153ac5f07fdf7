/* bench_list.h - the benchmarks, in report order.  New: write src/<level>/<name>.c, add its line. */
BENCH(silicon_compute)
BENCH(silicon_memory)
BENCH(silicon_storage)
