/* gguf_dtype.c - the numbers that GGUF files give to types of tensors. */
#include "models/format/gguf_dtype.h"

#include <stddef.h>

static const struct {
    uint32_t number;
    enum dtype dtype;
} read_types[] = {
    { 0, DTYPE_F32 },    { 1, DTYPE_F16 },
    { 2, DTYPE_Q4_0 },   { 3, DTYPE_Q4_1 },
    { 6, DTYPE_Q5_0 },   { 7, DTYPE_Q5_1 },
    { 8, DTYPE_Q8_0 },   { 12, DTYPE_Q4_K },
    { 13, DTYPE_Q5_K },  { 14, DTYPE_Q6_K },
    { 30, DTYPE_BF16 },  { 34, DTYPE_TQ1_0 },
    { 35, DTYPE_TQ2_0 }, { 0x48520001, DTYPE_TQ2_64 }, /* "HR", 1 */
};
enum { READ_TYPES = sizeof(read_types) / sizeof(read_types[0]) };

/* ggml's, and I2_S of Microsoft's bitnet.cpp. */
static const char *const other_types[] = {
    [4] = "Q4_2 (no longer in ggml)",
    [5] = "Q4_3 (no longer in ggml)",
    [9] = "Q8_1",
    [10] = "Q2_K",
    [11] = "Q3_K",
    [15] = "Q8_K",
    [16] = "IQ2_XXS",
    [17] = "IQ2_XS",
    [18] = "IQ3_XXS",
    [19] = "IQ1_S",
    [20] = "IQ4_NL",
    [21] = "IQ3_S",
    [22] = "IQ2_S",
    [23] = "IQ4_XS",
    [24] = "I8",
    [25] = "I16",
    [26] = "I32",
    [27] = "I64",
    [28] = "F64",
    [29] = "IQ1_M",
    [31] = "Q4_0_4_4 (no longer in ggml)",
    [32] = "Q4_0_4_8 (no longer in ggml)",
    [33] = "Q4_0_8_8 (no longer in ggml)",
    [36] = "I2_S (bitnet.cpp)",
    [39] = "MXFP4",
    [40] = "NVFP4",
    [41] = "Q1_0",
    [42] = "Q2_0",
};
enum { OTHER_TYPES = sizeof(other_types) / sizeof(other_types[0]) };

bool gguf_dtype_of(uint32_t number, enum dtype *out)
{
    for (int i = 0; i < READ_TYPES; i++)
        if (read_types[i].number == number) {
            *out = read_types[i].dtype;
            return true;
        }
    return false;
}

uint32_t gguf_dtype_number(enum dtype t)
{
    for (int i = 0; i < READ_TYPES; i++)
        if (read_types[i].dtype == t)
            return read_types[i].number;
    BUG_ON("a dtype without a number");
    return 0;
}

const char *gguf_dtype_name(uint32_t number)
{
    enum dtype t;

    if (gguf_dtype_of(number, &t))
        return dtype_info(t)->name;
    return number < OTHER_TYPES && other_types[number] ? other_types[number] : "unknown";
}
