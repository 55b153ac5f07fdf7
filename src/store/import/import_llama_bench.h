/* import_llama_bench.h - llama-bench's JSON (-o json): a row a test, prompt or generation. */
#ifndef STORE_IMPORT_IMPORT_LLAMA_BENCH_H
#define STORE_IMPORT_IMPORT_LLAMA_BENCH_H

#include "store/import/importers.h"

extern const struct importer import_llama_bench;

#endif
