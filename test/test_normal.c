/* test_normal.c - reference ranges: which entry answers for a row, and sane clocks. */
#include "host/normal.h"

#include "test.h"

static void test_match(void)
{
    static const struct normal_entry table[] = {
        { "A", "silicon.compute", "dtype=fp32 threads=one", 1, 2, "one" },
        { "A", "silicon.compute", "dtype=fp32", 3, 4, "any" },
        { "A", "silicon.memory", "", 5, 6, "memory" },
        { .kind = NULL },
    };
    const struct normal_entry *t;

    t = normal_match(table, "A", "silicon.compute", "dtype=fp32 path=avx2 threads=one");
    CHECK(t == &table[0]);
    t = normal_match(table, "A", "silicon.compute", "dtype=fp32 path=avx2 threads=all");
    CHECK(t == &table[1]);
    t = normal_match(table, "A", "silicon.compute", "threads=one dtype=fp32");
    CHECK(t == &table[0]);
    CHECK(normal_match(table, "A", "silicon.compute", "dtype=fp3") == NULL);
    CHECK(normal_match(table, "A", "silicon.compute", "dtype=fp321") == NULL);
    CHECK(normal_match(table, "A", "silicon.compute", "") == NULL);
    CHECK(normal_match(table, "B", "silicon.compute", "dtype=fp32") == NULL);
    t = normal_match(table, "A", "silicon.memory", "op=read");
    CHECK(t == &table[2]);
}

static void test_find(void)
{
    struct expected out = { .lo = 7, .hi = 8, .source = "mine" };

    CHECK(!normal_find("no such machine", "silicon.compute", "dtype=fp32", &out));
    CHECK_NEAR(out.lo, 7, 0);
    CHECK_STR(out.source, "mine");

    /* What one H200 wrote and copied is usual for an H200; a latency there has no range. */
    CHECK(normal_find("NVIDIA H200", "silicon.memory", "op=copy level=hbm threads=all", &out));
    CHECK(out.lo < 4206 && 4206 < out.hi && out.hi < 4814);
    CHECK(strstr(out.source, "4232 GB/s"));
    CHECK(normal_find("NVIDIA H200", "silicon.memory", "op=write level=hbm threads=all", &out));
    CHECK(out.lo < 4630 && 4630 < out.hi && out.hi < 4814);
    CHECK(normal_find("NVIDIA H200", "silicon.memory", "op=latency level=hbm threads=one", &out));
    CHECK(out.lo < 347 && out.hi > 347);
    /* A range of bandwidths is none of latencies. */
    CHECK(!normal_find("NVIDIA L4", "silicon.memory", "op=latency level=hbm threads=one", &out));
    CHECK(normal_find("NVIDIA H200", "silicon.compute",
                      "dtype=bf16 path=cublaslt data=random load=burst n=8192", &out));
    CHECK(out.lo < 781e3 && out.hi > 810e3); /* the lowest and the highest of three jobs */
    CHECK(!normal_find("NVIDIA H200", "silicon.compute",
                       "dtype=bf16 path=cublaslt data=zeros load=burst n=8192", &out));
    CHECK(!normal_find("NVIDIA H200", "silicon.memory", "op=read level=dram", &out));
    /* 109.6 GiB/s a way on a GB10 are 235 GB/s of traffic. */
    CHECK(normal_find("NVIDIA GB10", "silicon.memory", "op=copy level=hbm threads=all", &out));
    CHECK(out.lo < 235 && 235 < out.hi && out.hi < 273);
}

static void test_clocks(void)
{
    struct normal_clock c;

    for (int u = UARCH_UNKNOWN; u < UARCH_COUNT; u++) {
        if (!normal_clock_of((enum uarch)u, &c))
            continue;
        CHECK(c.lo_ghz > 0.5 && c.lo_ghz < c.hi_ghz && c.hi_ghz < 7);
        CHECK(c.source && c.source[0]);
    }
    CHECK(!normal_clock_of(UARCH_UNKNOWN, &c));
    CHECK(normal_clock_of(UARCH_CASCADE_LAKE, &c));
}

int main(void)
{
    test_match();
    test_find();
    test_clocks();
    TEST_DONE();
}
