/* Counted allocation, planned failures, and regions whose page size is read back. */
#include "core/mem.h"

#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>

#include "core/size.h"
#include "test.h"

static void counts_and_fails(void)
{
    uint64_t before = mem_count();
    void *p = mem_calloc(3, 5), *q;

    CHECK(p != NULL);
    CHECK_EQ(mem_count(), before + 1);
    CHECK(mem_calloc(SIZE_MAX, 2) == NULL);
    CHECK(mem_realloc(p, SIZE_MAX / 2, 3) == NULL); /* the old block is still ours */
    mem_fail_at(2);
    q = mem_calloc(1, 1);
    CHECK(q != NULL);
    CHECK(mem_calloc(1, 1) == NULL);
    mem_fail_at(0);
    mem_free(q);
    q = mem_strdup("word");
    CHECK_STR(q, "word");
    mem_free(q);
    q = mem_calloc(0, 0);
    CHECK(q != NULL);
    mem_free(q);
    mem_free(p);
}

static void regions(void)
{
    struct region r;
    struct err e = { 0 };

    CHECK_EQ(region_map(&r, 5 << 20, &e), 0);
    CHECK_EQ((uintptr_t)r.p % (2 << 20), 0);
    CHECK_EQ(r.bytes, 5 << 20);
    for (size_t i = 0; i < r.bytes; i += 4096)
        CHECK_EQ(((char *)r.p)[i], 0);
    memset(r.p, 7, r.bytes);
    region_unmap(&r);
    region_unmap(&r);
    CHECK(r.p == NULL);
    CHECK_EQ(region_map(&r, 0, &e), ERR_ARG);
    e = (struct err){ 0 };
    CHECK_EQ(region_map(&r, (size_t)1 << 60, &e), ERR_NOMEM);
    CHECK(strstr(e.msg, "MiB are available") != NULL);
    e = (struct err){ 0 };
    CHECK_EQ(region_map(&r, SIZE_MAX - 5, &e), ERR_ARG);
    mem_fail_at(1);
    e = (struct err){ 0 };
    CHECK_EQ(region_map(&r, 4096, &e), ERR_NOMEM);
    CHECK(strstr(e.msg, "Cannot allocate memory") != NULL);
    mem_fail_at(0);
}

/* A region is judged by its own pages, whatever its neighbours have. */
static void neighbours(void)
{
    struct region with, without;

    CHECK_EQ(region_map(&with, 64 << 20, NULL), 0);
    if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0) {
        CHECK_EQ(region_map(&without, 32 << 20, NULL), 0);
        CHECK_EQ(without.pages, REGION_BASE);
        region_unmap(&without);
        CHECK_EQ(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
    }
    printf("64 MiB: %s\n", region_pages_name(with.pages));
    CHECK_STR(region_pages_name(REGION_BASE), "base pages");
    region_unmap(&with);
}

static void sizes_in_words(void)
{
    char text[SIZE_TEXT];

    CHECK_STR(size_text(text, 0), "0 bytes");
    CHECK_STR(size_text(text, 1023), "1023 bytes");
    CHECK_STR(size_text(text, 24 << 10), "24 KiB");
    CHECK_STR(size_text(text, 262144u << 10), "256 MiB");
    CHECK_STR(size_text(text, 1228800u << 10), "1.172 GiB");
    CHECK_STR(size_text(text, UINT64_MAX), "1.678e+07 TiB");
}

int main(void)
{
    sizes_in_words();
    counts_and_fails();
    regions();
    neighbours();
    TEST_DONE();
}
