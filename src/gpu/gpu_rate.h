/* gpu_rate.h - what one multiprocessor of each GPU generation can do per cycle.
 *
 * The figures bound what any code can reach, whatever the clock.  They are those of the best card
 * of a generation: cards for games do half with FP32 sums on the tensor cores of 8.6, 8.9 and 12.x.
 * Where no source gives a figure it is NaN; nothing is guessed. */
#ifndef GPU_GPU_RATE_H
#define GPU_GPU_RATE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Types of the factors.  Sums: FP64, FP32, or 32-bit integers (INT8). */
enum gpu_type {
    GPU_FP64,
    GPU_FP32,
    GPU_BF16,
    GPU_INT8,
    GPU_TF32,
    GPU_FP16,
    GPU_FP8, /* E4M3 */
    GPU_FP4, /* E2M1 with a scale a block */
    GPU_TYPES
};
extern const char *const gpu_type_names[GPU_TYPES + 1]; /* "fp64" ...; ends with NULL */

enum gpu_unit { GPU_CORES, GPU_TENSOR };

/* A figure and where it comes from; value NaN: nobody says, and `source` is the reason. */
struct gpu_figure {
    double value;
    const char *source; /* static */
};

/* Operations (multiply and add count as two) of one multiprocessor in a cycle, dense.  capability:
 * 90 for 9.0. */
struct gpu_figure gpu_ops_per_cycle(int capability, enum gpu_unit unit, enum gpu_type type);

#ifdef __cplusplus
}
#endif

#endif
