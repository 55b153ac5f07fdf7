/* import_google_benchmark.h - Google Benchmark's JSON (--benchmark_out_format=json): a row a
 * benchmark and figure, its repetitions as samples. */
#ifndef STORE_IMPORT_IMPORT_GOOGLE_BENCHMARK_H
#define STORE_IMPORT_IMPORT_GOOGLE_BENCHMARK_H

#include "store/import/importers.h"

extern const struct importer import_google_benchmark;

#endif
