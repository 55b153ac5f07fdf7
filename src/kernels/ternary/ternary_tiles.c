/* ternary_tiles.c - the canonical form to that of GPUs. */
#include "kernels/ternary/ternary_tiles.h"

#include <string.h>

size_t ternary_tiles_group_bytes(size_t cols)
{
    return cols / TERNARY_BLOCK * TERNARY_TILE_BYTES + TERNARY_TILE_SCALES;
}

size_t ternary_tiles_bytes(size_t rows, size_t cols)
{
    return (rows + TERNARY_TILE_ROWS - 1) / TERNARY_TILE_ROWS * ternary_tiles_group_bytes(cols);
}

/* A row's 64 codes to the words of four lanes: columns 16 t + 4 m + b are bits 2 t of byte 4 m + b
 * in the canonical block. */
static void pack_block(const uint8_t *block, uint32_t word[4])
{
    uint32_t bytes[4];

    memcpy(bytes, block, sizeof(bytes));
    for (int t = 0; t < 4; t++) {
        word[t] = 0;
        for (int m = 0; m < 4; m++)
            word[t] |= (bytes[m] >> 2 * t & 0x03030303) << 2 * m;
    }
}

void ternary_tiles_pack(const struct ternary *t, void *dst)
{
    size_t blocks = t->w.cols / TERNARY_BLOCK, group = ternary_tiles_group_bytes(t->w.cols);
    size_t rows = (t->w.rows + TERNARY_TILE_ROWS - 1) / TERNARY_TILE_ROWS * TERNARY_TILE_ROWS;

    for (size_t r = 0; r < rows; r++) {
        uint8_t *to = (uint8_t *)dst + r / TERNARY_TILE_ROWS * group;
        size_t in = r % TERNARY_TILE_ROWS, g = in % 8, second = in / 8;
        const uint8_t *from = (const uint8_t *)t->w.data + r * t->w.row_bytes;
        float scale = r < t->w.rows ? t->scale[r] : 0;

        memcpy(to + blocks * TERNARY_TILE_BYTES + 4 * in, &scale, sizeof(scale));
        for (size_t b = 0; b < blocks; b++, to += TERNARY_TILE_BYTES) {
            uint32_t word[4] = { 0x55555555, 0x55555555, 0x55555555, 0x55555555 };

            if (r < t->w.rows)
                pack_block(from + b * TERNARY_BLOCK_BYTES, word);
            for (size_t k = 0; k < 4; k++)
                memcpy(to + 8 * (4 * g + k) + 4 * second, &word[k], sizeof(word[k]));
        }
    }
}

int ternary_tiles_get(const void *tiles, size_t cols, size_t row, size_t col)
{
    size_t in = row % TERNARY_TILE_ROWS, c = col % TERNARY_BLOCK;
    const uint8_t *p = (const uint8_t *)tiles +
                       row / TERNARY_TILE_ROWS * ternary_tiles_group_bytes(cols) +
                       col / TERNARY_BLOCK * TERNARY_TILE_BYTES;

    p += 8 * (4 * (in % 8) + c / 16) + 4 * (in / 8) + c % 4;
    return (*p >> 2 * (c / 4 % 4) & 3) - 1;
}

float ternary_tiles_scale(const void *tiles, size_t cols, size_t row)
{
    float scale;

    memcpy(&scale,
           (const uint8_t *)tiles +
               (row / TERNARY_TILE_ROWS + 1) * ternary_tiles_group_bytes(cols) -
               TERNARY_TILE_SCALES + 4 * (row % TERNARY_TILE_ROWS),
           sizeof(scale));
    return scale;
}
