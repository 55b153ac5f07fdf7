/* Random numbers: published vectors, uniformity, and streams that differ. */
#include "core/rng.h"

#include "test.h"

/* xoshiro256** from the state 1, 2, 3, 4: the first outputs of the authors' C code. */
static void published_vector(void)
{
    static const uint64_t want[] = { UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                     UINT64_C(1215971899390074240) };
    struct rng r = { { 1, 2, 3, 4 } };

    for (int i = 0; i < 4; i++)
        CHECK(rng_u64(&r) == want[i]);
    /* splitmix64 seeded with 1234567: the vector of its reference implementation. */
    rng_init(&r, 1234567, 0);
    CHECK(r.s[0] == UINT64_C(6457827717110365317));
    CHECK(r.s[1] == UINT64_C(3203168211198807973));
}

static void distributions(void)
{
    enum { N = 200000 };
    struct rng r;
    double sum = 0, square = 0, uniform = 0;
    int bin[7] = { 0 };

    rng_init(&r, 42, 0);
    for (int i = 0; i < N; i++) {
        double x = rng_normal(&r), u = rng_uniform(&r);

        sum += x;
        square += x * x;
        uniform += u;
        CHECK(u >= 0 && u < 1);
        bin[rng_below(&r, 7)]++;
    }
    /* Five standard errors of each estimate. */
    CHECK_NEAR(sum / N, 0, 5 / sqrt(N));
    CHECK_NEAR(square / N, 1, 5 * sqrt(2.0 / N));
    CHECK_NEAR(uniform / N, 0.5, 5 * sqrt(1.0 / 12 / N));
    for (int i = 0; i < 7; i++)
        CHECK_NEAR(bin[i], N / 7.0, 5 * sqrt(N * 6.0 / 49));
}

static void streams_and_shuffle(void)
{
    struct rng a, b, c;
    uint32_t order[100];
    unsigned char bytes[13] = { 0 }, again[13];
    int moved = 0;

    rng_init(&a, 1, 0);
    rng_init(&b, 1, 1);
    rng_init(&c, 1, 0);
    CHECK(rng_u64(&a) != rng_u64(&b));
    rng_u64(&c);
    CHECK(rng_u64(&a) == rng_u64(&c));
    for (uint32_t i = 0; i < 100; i++)
        order[i] = i;
    rng_shuffle(&a, order, 100);
    for (uint32_t i = 0; i < 100; i++) {
        int seen = 0;

        moved += order[i] != i;
        for (int k = 0; k < 100; k++)
            seen += order[k] == i;
        CHECK_EQ(seen, 1);
    }
    CHECK(moved > 80);
    rng_init(&a, 9, 9);
    rng_fill(&a, bytes, sizeof(bytes));
    rng_init(&a, 9, 9);
    rng_fill(&a, again, sizeof(again));
    CHECK(memcmp(bytes, again, sizeof(bytes)) == 0);
    CHECK_EQ(rng_below(&a, 1), 0);
}

int main(void)
{
    published_vector();
    distributions();
    streams_and_shuffle();
    TEST_DONE();
}
