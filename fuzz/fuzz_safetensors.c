/* fuzz_safetensors.c - a safetensors file that anybody may have written; model_oracles.h says what
 * must hold.
 *
 * The first byte says how many bytes of data the file has, the rest is its JSON: its length is put
 * before it here, since one that does not fit the rest hides all else.  255: the rest is the file
 * as it is. */
#include "model_oracles.h"

enum { RAW = 255 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t n;
    uint8_t *file;

    if (size == 0)
        return 0;
    if (data[0] == RAW) {
        oracle_model(data + 1, size - 1);
        return 0;
    }
    n = size - 1;
    file = calloc(1, 8 + n + data[0]);
    FUZZ_CHECK(file);
    memcpy(file, &n, 8);
    memcpy(file + 8, data + 1, n);
    oracle_model(file, 8 + n + data[0]);
    free(file);
    return 0;
}
