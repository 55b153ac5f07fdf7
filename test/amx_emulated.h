/* amx_emulated.h - AMX tiles in plain C, to test code for them on any x86-64.
 *
 * Include before the source that uses them: its intrinsics are then these.  As Intel's SDM has it:
 * eight tiles of up to 16 rows x 64 bytes, whose configuration must have been loaded; BF16
 * products take denormal factors as 0, each FMA is rounded to nearest, and denormal sums become 0.
 * What a tile is asked to do beyond its configuration ends the program. */
#ifndef AMX_EMULATED_H
#define AMX_EMULATED_H

#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AMX_TILES = 8, AMX_ROWS = 16, AMX_ROW_BYTES = 64 };

/* LDTILECFG's 64 bytes. */
struct amx_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static struct amx_config amx_config;
static uint8_t amx_tile[AMX_TILES][AMX_ROWS][AMX_ROW_BYTES];

/* Multiplies the wrong way on purpose. */
static bool amx_planted;

static void amx_check(int tile)
{
    if (amx_config.palette == 1 && tile < AMX_TILES && amx_config.rows[tile] > 0 &&
        amx_config.rows[tile] <= AMX_ROWS && amx_config.row_bytes[tile] <= AMX_ROW_BYTES)
        return;
    fprintf(stderr, "tile %d is used and not configured\n", tile);
    exit(1);
}

static void amx_load(int tile, const void *base, long stride)
{
    amx_check(tile);
    memset(amx_tile[tile], 0, sizeof(amx_tile[tile]));
    for (int i = 0; i < amx_config.rows[tile]; i++)
        memcpy(amx_tile[tile][i], (const char *)base + i * stride, amx_config.row_bytes[tile]);
}

static void amx_store(int tile, void *base, long stride)
{
    amx_check(tile);
    for (int i = 0; i < amx_config.rows[tile]; i++)
        memcpy((char *)base + i * stride, amx_tile[tile][i], amx_config.row_bytes[tile]);
}

static float amx_flushed(float x)
{
    return fpclassify(x) == FP_SUBNORMAL ? 0 : x;
}

static float amx_bf16(const uint8_t *p)
{
    uint16_t half;
    uint32_t bits;
    float f;

    memcpy(&half, p, sizeof(half));
    bits = (uint32_t)half << 16;
    memcpy(&f, &bits, sizeof(f));
    return amx_flushed(f);
}

/* sum[m][n] += a[m][k] b[k][n]: even and odd k apart, then their sum is added. */
static __attribute__((unused)) void amx_dpbf16(int sum, int a, int b)
{
    amx_check(sum);
    amx_check(a);
    amx_check(b);
    for (int m = 0; m < amx_config.rows[sum]; m++)
        for (int n = 0; n < amx_config.row_bytes[sum] / 4; n++) {
            float s, part[2] = { 0, 0 };

            memcpy(&s, amx_tile[sum][m] + 4 * n, sizeof(s));
            for (int k = 0; k < amx_config.row_bytes[a] / 4; k++)
                for (int i = 0; i < 2; i++) {
                    const uint8_t *other = amx_tile[b][k] + 4 * n + 2 * (amx_planted ? 1 - i : i);

                    part[i] = amx_flushed(
                        fmaf(amx_bf16(amx_tile[a][m] + 4 * k + 2 * i), amx_bf16(other), part[i]));
                }
            s = amx_flushed(s + amx_flushed(part[0] + part[1]));
            memcpy(amx_tile[sum][m] + 4 * n, &s, sizeof(s));
        }
}

/* The same of bytes, a's signed and b's unsigned, in fours. */
static __attribute__((unused)) void amx_dpbsud(int sum, int a, int b)
{
    amx_check(sum);
    amx_check(a);
    amx_check(b);
    for (int m = 0; m < amx_config.rows[sum]; m++)
        for (int n = 0; n < amx_config.row_bytes[sum] / 4; n++) {
            int32_t s;

            memcpy(&s, amx_tile[sum][m] + 4 * n, sizeof(s));
            for (int k = 0; k < amx_config.row_bytes[a]; k++)
                s += (int8_t)amx_tile[a][m][k] *
                     amx_tile[b][k / 4][4 * n + (amx_planted ? 3 - k % 4 : k % 4)];
            memcpy(amx_tile[sum][m] + 4 * n, &s, sizeof(s));
        }
}

#undef _tile_loadd
#undef _tile_stored
#undef _tile_zero
#undef _tile_dpbf16ps
#undef _tile_dpbsud
#define _tile_loadconfig(config)  memcpy(&amx_config, (config), sizeof(amx_config))
#define _tile_release()           memset(&amx_config, 0, sizeof(amx_config))
#define _tile_loadd(t, base, s)   amx_load((t), (base), (s))
#define _tile_stored(t, base, s)  amx_store((t), (base), (s))
#define _tile_zero(t)             (amx_check(t), memset(amx_tile[t], 0, sizeof(amx_tile[t])))
#define _tile_dpbf16ps(sum, a, b) amx_dpbf16((sum), (a), (b))
#define _tile_dpbsud(sum, a, b)   amx_dpbsud((sum), (a), (b))

#endif
