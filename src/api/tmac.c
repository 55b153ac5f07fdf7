/* tmac.c - the functions of headroom_tmac.h that run on the CPU. */
#include <headroom_tmac.h>
#include <math.h>

#include "api/api.h"
#include "host/cpu.h"
#include "kernels/norm/norm.h"
#include "kernels/softmax/softmax.h"
#include "kernels/variant/variant.h"

enum { BIT_AVX2 = 1, BIT_AVX512 = 2, BIT_NEON = 4, IN_BYTE = 4, BYTES = 256, CODE_NONE = 3 };

int get_cpu_features(void)
{
    const struct cpu_info *cpu = cpu_here();

    return (variant_runs(VARIANT_AVX2, cpu) ? BIT_AVX2 : 0) |
           (variant_runs(VARIANT_AVX512, cpu) ? BIT_AVX512 : 0) |
           (variant_runs(VARIANT_NEON, cpu) ? BIT_NEON : 0);
}

static int check_isa(const char *name, int bit, struct err *e)
{
    return get_cpu_features() & bit ? 0 : ERR(e, ERR_NOTSUP, "this CPU has no %s", name);
}

int build_lut(float *lut, const float *activations, int size, int group_size)
{
    struct err *e = api_begin();

    if (size < 0 || size % IN_BYTE != 0 || group_size != IN_BYTE)
        return ERR(e, ERR_ARG, "%d activations in groups of %d: expected a multiple of 4 in 4s",
                   size, group_size);
    if (size > 0 && (!lut || !activations))
        return ERR(e, ERR_ARG, "%s is NULL", lut ? "activations" : "lut");
    for (int g = 0; g < size / IN_BYTE; g++)
        for (unsigned b = 0; b < BYTES; b++) {
            float sum = 0;

            for (int i = 0; i < IN_BYTE; i++) {
                const unsigned code = b >> 2 * i & 3;

                sum += code == CODE_NONE ? NAN : activations[IN_BYTE * g + i] * ((float)code - 1);
            }
            lut[(size_t)g * BYTES + b] = sum;
        }
    return 0;
}

/* Both bits of a code are set. */
static int check_codes(const uint8_t *weights, int rows, int groups, struct err *e)
{
    for (int r = 0; r < rows; r++)
        for (int g = 0; g < groups; g++) {
            const unsigned b = weights[(size_t)r * (size_t)groups + (size_t)g];

            if (b & b >> 1 & 0x55)
                return ERR(e, ERR_FORMAT, "row %d, byte %d: 0x%02x holds a code 3", r, g, b);
        }
    return 0;
}

static int matmul(float *output, const uint8_t *weights, const float *lut, const float *scales,
                  int rows, int cols, int num_groups, struct err *e)
{
    const int groups = cols / IN_BYTE;
    int rc = 0;

    if (rows < 0 || cols < 0 || cols % IN_BYTE != 0 || num_groups != groups)
        return ERR(
            e, ERR_ARG,
            "%d rows, %d columns, %d groups: expected a multiple of 4 columns, a group for 4", rows,
            cols, num_groups);
    if (rows > 0 && (!output || !scales || (cols > 0 && (!weights || !lut))))
        return ERR(e, ERR_ARG, "a pointer is NULL");
    TRY(check_codes(weights, rows, groups, e));
    for (int r = 0; r < rows; r++) {
        const uint8_t *row = weights + (size_t)r * (size_t)groups;
        float sum = 0;

        for (int g = 0; g < groups; g++)
            sum += lut[(size_t)g * BYTES + row[g]];
        output[r] = sum * scales[r];
    }
out:
    return rc;
}

static int rmsnorm(const char *isa, float *output, const float *input, const float *weight,
                   int size, float eps, struct err *e)
{
    if (size < 0 || (size > 0 && (!output || !input || !weight)))
        return ERR(e, ERR_ARG, "%d values%s", size, size < 0 ? "" : ", and a pointer is NULL");
    if (size > 0)
        norm_best(cpu_here(), isa)->rms(input, weight, eps, output, (size_t)size);
    return 0;
}

static int softmax(const char *isa, float *output, const float *input, int size, struct err *e)
{
    if (size < 0 || (size > 0 && (!output || !input)))
        return ERR(e, ERR_ARG, "%d values%s", size, size < 0 ? "" : ", and a pointer is NULL");
    if (size > 0)
        softmax_best(cpu_here(), isa)->softmax(input, 1, output, (size_t)size);
    return 0;
}

#define ISA(isa, bit)                                                                              \
    int tmac_matmul_##isa(float *output, const uint8_t *weights, const float *lut,                 \
                          const float *scales, int rows, int cols, int num_groups)                 \
    {                                                                                              \
        struct err *e = api_begin();                                                               \
        int rc = check_isa(#isa, bit, e);                                                          \
                                                                                                   \
        return rc < 0 ? rc : matmul(output, weights, lut, scales, rows, cols, num_groups, e);      \
    }                                                                                              \
    int rmsnorm_##isa(float *output, const float *input, const float *weight, int size, float eps) \
    {                                                                                              \
        struct err *e = api_begin();                                                               \
        int rc = check_isa(#isa, bit, e);                                                          \
                                                                                                   \
        return rc < 0 ? rc : rmsnorm(#isa, output, input, weight, size, eps, e);                   \
    }                                                                                              \
    int softmax_##isa(float *output, const float *input, int size)                                 \
    {                                                                                              \
        struct err *e = api_begin();                                                               \
        int rc = check_isa(#isa, bit, e);                                                          \
                                                                                                   \
        return rc < 0 ? rc : softmax(#isa, output, input, size, e);                                \
    }

ISA(avx2, BIT_AVX2)
ISA(neon, BIT_NEON)
