/* The table of a GPU's rates against the makers' data sheets: multiprocessors and boost clock. */
#include "gpu/gpu_rate.h"

#include <math.h>
#include <string.h>

#include "test.h"

static void card(int capability, enum gpu_unit unit, enum gpu_type type, double sheet_tflops,
                 double sm_ghz)
{
    double t = 1e-3 * gpu_ops_per_cycle(capability, unit, type).value * sm_ghz;

    printf("%d %s: %.1f of %.1f on the sheet\n", capability, gpu_type_names[type], t, sheet_tflops);
    CHECK(fabs(t / sheet_tflops - 1) < 0.015);
}

int main(void)
{
    double t4 = 40 * 1.59, a100 = 108 * 1.41, a40 = 84 * 1.74, l40s = 142 * 2.52;
    double h100 = 132 * 1.83, h100_plain = 132 * 1.98, pro6000 = 188 * 2.617;
    struct gpu_figure f;

    card(75, GPU_TENSOR, GPU_FP16, 65.1, t4);
    card(75, GPU_TENSOR, GPU_INT8, 130, t4);
    card(75, GPU_CORES, GPU_FP32, 8.1, t4);
    card(80, GPU_TENSOR, GPU_BF16, 312, a100);
    card(80, GPU_TENSOR, GPU_TF32, 156, a100);
    card(80, GPU_TENSOR, GPU_FP64, 19.5, a100);
    card(80, GPU_CORES, GPU_FP64, 9.7, a100);
    card(80, GPU_TENSOR, GPU_INT8, 624, a100);
    card(86, GPU_TENSOR, GPU_BF16, 149.7, a40);
    card(86, GPU_CORES, GPU_FP32, 37.4, a40);
    card(89, GPU_TENSOR, GPU_BF16, 366, l40s);
    card(89, GPU_TENSOR, GPU_FP8, 733, l40s);
    card(90, GPU_TENSOR, GPU_BF16, 989.4, h100);
    card(90, GPU_TENSOR, GPU_TF32, 494.7, h100);
    card(90, GPU_TENSOR, GPU_FP8, 1978.9, h100);
    card(90, GPU_TENSOR, GPU_INT8, 1978.9, h100);
    card(90, GPU_TENSOR, GPU_FP64, 66.9, h100_plain);
    card(90, GPU_CORES, GPU_FP32, 66.9, h100_plain);
    card(90, GPU_CORES, GPU_FP64, 33.5, h100_plain);
    card(120, GPU_TENSOR, GPU_FP4, 2015.2, pro6000);
    card(120, GPU_CORES, GPU_FP32, 126, pro6000);
    f = gpu_ops_per_cycle(70, GPU_TENSOR, GPU_FP16);
    CHECK(isnan(f.value) && strstr(f.source, "no source"));
    f = gpu_ops_per_cycle(80, GPU_TENSOR, GPU_FP8);
    CHECK(isnan(f.value) && strstr(f.source, "no unit"));
    TEST_DONE();
}
