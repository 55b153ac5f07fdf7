/* Public encodings of ternary weights, and what is refused of them. */
#include "kernels/ternary/ternary_convert.h"

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/ternary/ternary_tiles.h"
#include "test.h"

enum { R = 8, C = 512 };

static int8_t weight[R][C];
static float row_scale[R];

static void make_weights(void)
{
    struct rng rng;

    rng_init(&rng, 4, 0);
    for (int r = 0; r < R; r++) {
        row_scale[r] = 0.5F + 0.25F * (float)r; /* exact in F16 */
        for (int c = 0; c < C; c++)
            weight[r][c] = (int8_t)((int)rng_below(&rng, 3) - 1);
    }
    memset(weight[3], 0, 256); /* a block of zeros, whose scale is 0 */
}

static void check_same(const struct ternary *t, bool rows_apart, float scale)
{
    int wrong = 0;

    CHECK_EQ(t->w.rows, R);
    CHECK_EQ(t->w.cols, C);
    CHECK_EQ(ternary_check(t, NULL), 0);
    for (size_t r = 0; r < R; r++) {
        CHECK(t->scale[r] == (rows_apart ? row_scale[r] : scale));
        for (size_t c = 0; c < C; c++)
            wrong += ternary_get(t, r, c) != weight[r][c];
    }
    CHECK_EQ(wrong, 0);
}

static void test_blocks(enum dtype type)
{
    static uint8_t data[R * C];
    struct weight w = {
        .dtype = type, .rows = R, .cols = C, .row_bytes = dtype_row_bytes(type, C), .data = data
    };
    struct ternary t;
    struct err e = { 0 };
    float x[C];
    uint8_t keep;

    for (int r = 0; r < R; r++) {
        for (int c = 0; c < C; c++)
            x[c] = row_scale[r] * weight[r][c];
        dtype_from_f32(type, x, data + (size_t)r * w.row_bytes, C);
    }
    CHECK_EQ(ternary_from_blocks(&t, &w, &e), 0);
    check_same(&t, true, 0);
    ternary_release(&t);
    ternary_release(&t);
    mem_fail_at(1);
    CHECK_EQ(ternary_from_blocks(&t, &w, &e), ERR_NOMEM);
    mem_fail_at(0);
    CHECK(t.owned == NULL);
    if (type != DTYPE_TQ1_0) { /* whose bytes are all valid */
        e = (struct err){ 0 };
        keep = data[2 * w.row_bytes + 5];
        data[2 * w.row_bytes + 5] |= 0x30; /* the third code of byte 5 */
        CHECK_EQ(ternary_from_blocks(&t, &w, &e), ERR_FORMAT);
        CHECK(strstr(e.msg, type == DTYPE_TQ2_0 ? "row 2, column 69 has the code 3"
                                                : "row 2, column 37 has the code 3"));
        CHECK(t.owned == NULL);
        data[2 * w.row_bytes + 5] = keep;
    }
    /* Another scale in the last block of a row; then one that is not a number. */
    for (int c = 0; c < C; c++)
        x[c] = (c < C - 256 ? 1 : 2) * (float)weight[4][c];
    dtype_from_f32(type, x, data + 4 * w.row_bytes, C);
    e = (struct err){ 0 };
    CHECK_EQ(ternary_from_blocks(&t, &w, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "row 4 has the scale 1 and from column 256 on 2"));
    memset(data + 4 * w.row_bytes + dtype_info(type)->bytes - 2, 0xff, 2);
    e = (struct err){ 0 };
    CHECK_EQ(ternary_from_blocks(&t, &w, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "row 4, column 0: the block's scale is not finite"));
}

static void test_i2s(void)
{
    static uint8_t data[R * C / 4 + 4];
    const float scale = 0.37F;
    struct ternary t;
    struct err e = { 0 };

    for (size_t r = 0; r < R; r++)
        for (size_t c = 0; c < C; c++)
            data[(r * C + c / 128 * 128) / 4 + c % 32] |=
                (uint8_t)((weight[r][c] + 1) << (6 - 2 * (c % 128 / 32)));
    memcpy(data + R * C / 4, &scale, 4);
    CHECK_EQ(ternary_from_i2s(&t, R, C, data, sizeof(data), &e), 0);
    check_same(&t, false, scale);
    ternary_release(&t);
    CHECK_EQ(ternary_from_i2s(&t, R, C, data, sizeof(data) - 1, &e), ERR_FORMAT);
    e = (struct err){ 0 };
    CHECK_EQ(ternary_from_i2s(&t, R, 576, data, sizeof(data), &e), ERR_ARG);
    CHECK(strstr(e.msg, "576 columns are no multiple of 128"));
    CHECK_EQ(ternary_from_i2s(&t, SIZE_MAX / 4, C, data, sizeof(data), NULL), ERR_FORMAT);
    e = (struct err){ 0 };
    data[C / 4 + 32 + 7] |= 0x0c; /* row 1, column 128 + 64 + 7 */
    CHECK_EQ(ternary_from_i2s(&t, R, C, data, sizeof(data), &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "row 1, column 199 has the code 3"));
    mem_fail_at(1);
    CHECK_EQ(ternary_from_i2s(&t, R, C, data, sizeof(data), NULL), ERR_NOMEM);
    mem_fail_at(0);
    memset(data + R * C / 4, 0xff, 4);
    CHECK_EQ(ternary_from_i2s(&t, R, C, data, sizeof(data), NULL), ERR_FORMAT);
}

static void test_packed(void)
{
    static uint8_t data[R / 4 * C];
    struct ternary t;
    struct err e = { 0 };

    for (size_t r = 0; r < R; r++)
        for (size_t c = 0; c < C; c++)
            data[r % (R / 4) * C + c] |= (uint8_t)((weight[r][c] + 1) << 2 * (r / (R / 4)));
    CHECK_EQ(ternary_from_packed(&t, R, C, data, sizeof(data), 1.25F, &e), 0);
    check_same(&t, false, 1.25F);
    ternary_release(&t);
    CHECK_EQ(ternary_from_packed(&t, R, C, data, sizeof(data) - 1, 1, NULL), ERR_FORMAT);
    CHECK_EQ(ternary_from_packed(&t, 6, C, data, sizeof(data), 1, NULL), ERR_ARG);
    CHECK_EQ(ternary_from_packed(&t, R, 100, data, sizeof(data), 1, NULL), ERR_ARG);
    CHECK_EQ(ternary_from_packed(&t, R, C, data, sizeof(data), INFINITY, NULL), ERR_FORMAT);
    data[C + 9] = 0xc0; /* row 1 + 3 * 2 */
    CHECK_EQ(ternary_from_packed(&t, R, C, data, sizeof(data), 1, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "row 7, column 9 has the code 3"));
}

static void test_form(void)
{
    struct ternary t;
    struct err e = { 0 };
    struct weight q4 = { .dtype = DTYPE_Q4_0, .rows = 1, .cols = 64, .row_bytes = 36 };

    CHECK_EQ(ternary_make(&t, 1, 100, &e), ERR_ARG);
    CHECK_EQ(ternary_make(&t, 1, 1 << 20, NULL), ERR_ARG);
    CHECK_EQ(ternary_make(&t, 0, 64, NULL), ERR_ARG);
    CHECK_EQ(ternary_from_blocks(&t, &q4, NULL), ERR_ARG);
    CHECK_EQ(ternary_make(&t, 2, 128, NULL), 0);
    CHECK_EQ(ternary_get(&t, 1, 127), 0);
    ternary_set(&t, 1, 127, -1);
    CHECK_EQ(ternary_get(&t, 1, 127), -1);
    CHECK_EQ(ternary_check(&t, &e), 0);
    ternary_set(&t, 1, 70, 2);
    e = (struct err){ 0 };
    CHECK_EQ(ternary_check(&t, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "row 1, column 70 has the code 3"));
    t.scale[0] = NAN;
    e = (struct err){ 0 };
    CHECK_EQ(ternary_check(&t, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "scale of row 0"));
    ternary_release(&t);
}

/* The GPU's form, seen through its header's words; rows behind the last are zeros. */
static void test_tiles(void)
{
    static const size_t shapes[][2] = { { 1, 64 }, { 17, 192 }, { 48, 576 } };

    for (size_t k = 0; k < 3; k++) {
        size_t rows = shapes[k][0], cols = shapes[k][1], whole = (rows + 15) / 16 * 16, wrong = 0;
        void *tiles = mem_calloc(ternary_tiles_bytes(rows, cols), 1);
        struct ternary t;
        struct rng rng;

        rng_init(&rng, k, 0);
        CHECK_EQ(ternary_make(&t, rows, cols, NULL), 0);
        for (size_t r = 0; r < rows; r++) {
            t.scale[r] = (float)(r + 1);
            for (size_t c = 0; c < cols; c++)
                ternary_set(&t, r, c, (int)rng_below(&rng, 3) - 1);
        }
        ternary_tiles_pack(&t, tiles);
        for (size_t r = 0; r < whole; r++) {
            wrong += ternary_tiles_scale(tiles, cols, r) != (r < rows ? t.scale[r] : 0);
            for (size_t c = 0; c < cols; c++)
                wrong +=
                    ternary_tiles_get(tiles, cols, r, c) != (r < rows ? ternary_get(&t, r, c) : 0);
        }
        CHECK_EQ(wrong, 0);
        CHECK_EQ(ternary_tiles_bytes(rows, cols), whole * (cols / 4 + 4));
        ternary_release(&t);
        mem_free(tiles);
    }
}

int main(void)
{
    make_weights();
    test_blocks(DTYPE_TQ1_0);
    test_blocks(DTYPE_TQ2_0);
    test_blocks(DTYPE_TQ2_64);
    test_i2s();
    test_packed();
    test_form();
    test_tiles();
    TEST_DONE();
}
