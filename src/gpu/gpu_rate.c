/* gpu_rate.c - what one multiprocessor of each GPU generation can do per cycle. */
#include "gpu/gpu_rate.h"

#include <math.h>
#include <stddef.h>

const char *const gpu_type_names[GPU_TYPES + 1] = { "fp64", "fp32", "bf16", "int8", "tf32",
                                                    "fp16", "fp8",  "fp4",  NULL };

/* Operations a cycle; 0: the generation has no such instruction. */
struct generation {
    int capability;
    double cores[GPU_TYPES], tensor[GPU_TYPES];
    const char *source;
};

/* Cores: lanes x 2, "Throughput of Native Arithmetic Instructions" in NVIDIA's CUDA C++ Programming
 * Guide.  Tensor cores: the whitepapers' dense rates, over multiprocessors and boost clock. */
static const struct generation generations[] = {
    { .capability = 75,
      .cores = { [GPU_FP64] = 4, [GPU_FP32] = 128 },
      .tensor = { [GPU_FP16] = 1024, [GPU_INT8] = 2048 },
      .source = "Turing whitepaper (T4: 65 TFLOPS FP16, 40 x 1.59 GHz)" },
    { .capability = 80,
      .cores = { [GPU_FP64] = 64, [GPU_FP32] = 128 },
      .tensor = { [GPU_FP64] = 128,
                  [GPU_TF32] = 1024,
                  [GPU_FP16] = 2048,
                  [GPU_BF16] = 2048,
                  [GPU_INT8] = 4096 },
      .source = "A100 whitepaper (312 TFLOPS BF16, 108 x 1.41 GHz)" },
    { .capability = 86,
      .cores = { [GPU_FP64] = 4, [GPU_FP32] = 256 },
      .tensor = { [GPU_TF32] = 512, [GPU_FP16] = 1024, [GPU_BF16] = 1024, [GPU_INT8] = 2048 },
      .source = "GA102 whitepaper (A40: 150 TFLOPS BF16, 84 x 1.74 GHz)" },
    { .capability = 89,
      .cores = { [GPU_FP64] = 4, [GPU_FP32] = 256 },
      .tensor = { [GPU_TF32] = 512,
                  [GPU_FP16] = 1024,
                  [GPU_BF16] = 1024,
                  [GPU_FP8] = 2048,
                  [GPU_INT8] = 2048 },
      .source = "Ada whitepaper (L40S: 362 TFLOPS BF16, 142 x 2.52 GHz)" },
    { .capability = 90,
      .cores = { [GPU_FP64] = 128, [GPU_FP32] = 256 },
      .tensor = { [GPU_FP64] = 256,
                  [GPU_TF32] = 2048,
                  [GPU_FP16] = 4096,
                  [GPU_BF16] = 4096,
                  [GPU_FP8] = 8192,
                  [GPU_INT8] = 8192 },
      .source = "H100 whitepaper (989 TFLOPS BF16, 132 x 1.83 GHz)" },
    { .capability = 100,
      .cores = { [GPU_FP64] = 128, [GPU_FP32] = 256 },
      .tensor = { [GPU_FP64] = 128,
                  [GPU_TF32] = 4096,
                  [GPU_FP16] = 8192,
                  [GPU_BF16] = 8192,
                  [GPU_FP8] = 16384,
                  [GPU_INT8] = 16384,
                  [GPU_FP4] = 32768 },
      .source = "B200 data sheet (2.25 PFLOPS BF16, 148 x 1.85 GHz)" },
    { .capability = 120,
      .cores = { [GPU_FP64] = 4, [GPU_FP32] = 256 },
      .tensor = { [GPU_TF32] = 512,
                  [GPU_FP16] = 1024,
                  [GPU_BF16] = 1024,
                  [GPU_FP8] = 2048,
                  [GPU_INT8] = 2048,
                  [GPU_FP4] = 4096 },
      .source = "RTX Blackwell whitepaper (RTX PRO 6000: 2.0 PFLOPS FP4, 188 x 2.62 GHz)" },
    { .capability = 121,
      .cores = { [GPU_FP64] = 4, [GPU_FP32] = 256 },
      .tensor = { [GPU_TF32] = 512,
                  [GPU_FP16] = 1024,
                  [GPU_BF16] = 1024,
                  [GPU_FP8] = 2048,
                  [GPU_INT8] = 2048,
                  [GPU_FP4] = 4096 },
      .source = "GB10 data sheet (1 PFLOPS sparse FP4) and the RTX Blackwell whitepaper" },
};

struct gpu_figure gpu_ops_per_cycle(int capability, enum gpu_unit unit, enum gpu_type type)
{
    static const char unknown[] = "no source gives this generation's operations per cycle";
    static const char none[] = "this generation has no unit for this type";

    for (size_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
        const struct generation *g = &generations[i];
        double ops = unit == GPU_TENSOR ? g->tensor[type] : g->cores[type];

        if (g->capability == capability)
            return ops > 0 ? (struct gpu_figure){ ops, g->source }
                           : (struct gpu_figure){ (double)NAN, none };
    }
    return (struct gpu_figure){ (double)NAN, unknown };
}
