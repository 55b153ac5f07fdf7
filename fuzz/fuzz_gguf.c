/* fuzz_gguf.c - a GGUF file that anybody may have written; model_oracles.h says what must hold. */
#include "model_oracles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    oracle_model(data, size);
    return 0;
}
