/* loop_amx.c - AMX: 16 x 16 sums in each of four tiles, two tiles of each operand, all eight used.
 *
 * One instruction multiplies a tile of 16 rows x 64 bytes by one of 64 bytes x 16 columns in 16
 * cycles and takes 52 to give its sums (Intel Optimization Reference Manual), so four accumulators
 * are just enough.  The tile configuration belongs to the thread and is dropped at the end. */
#include <immintrin.h>

#include "silicon/compute/loop_x86.h"

enum { TILES = 8, ROWS = 16, ROW_BYTES = 64, TILE_BYTES = ROWS * ROW_BYTES };

/* Palette 1 (Intel SDM volume 1, "Tile configuration"). */
struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static void tiles_begin(const struct loop_io *io)
{
    _Alignas(64) struct tile_config config = { .palette = 1 };

    for (int i = 0; i < TILES; i++) {
        config.row_bytes[i] = ROW_BYTES;
        config.rows[i] = ROWS;
    }
    /* gcc's intrinsic tells the compiler of the first 8 bytes only: keep the stores to the rest. */
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
    _tile_loadd(0, io->init, ROW_BYTES);
    _tile_loadd(1, io->init + TILE_BYTES, ROW_BYTES);
    _tile_loadd(2, io->init + (size_t)2 * TILE_BYTES, ROW_BYTES);
    _tile_loadd(3, io->init + (size_t)3 * TILE_BYTES, ROW_BYTES);
    _tile_loadd(4, io->a[0], ROW_BYTES);
    _tile_loadd(5, io->a[1], ROW_BYTES);
    _tile_loadd(6, io->b[0], ROW_BYTES);
    _tile_loadd(7, io->b[1], ROW_BYTES);
}

static void tiles_end(struct loop_io *io)
{
    _tile_stored(0, io->out, ROW_BYTES);
    _tile_stored(1, io->out + TILE_BYTES, ROW_BYTES);
    _tile_stored(2, io->out + (size_t)2 * TILE_BYTES, ROW_BYTES);
    _tile_stored(3, io->out + (size_t)3 * TILE_BYTES, ROW_BYTES);
    _tile_release();
}

void loop_amx_bf16(struct loop_io *io, uint64_t iterations)
{
    tiles_begin(io);
    for (; iterations > 0; iterations--) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 5, 6);
        _tile_dpbf16ps(2, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
    }
    tiles_end(io);
}

void loop_amx_int8(struct loop_io *io, uint64_t iterations)
{
    tiles_begin(io);
    for (; iterations > 0; iterations--) {
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(1, 5, 6);
        _tile_dpbssd(2, 4, 7);
        _tile_dpbssd(3, 5, 7);
    }
    tiles_end(io);
}
