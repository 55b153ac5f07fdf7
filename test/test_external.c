/* test_external.c - libraries that the user names: those that are refused, and why; what their
 * codes and words become; and that ours passes. */
#include "kernels/variant/external.h"

#include <stdint.h>
#include <string.h>

#include "test.h"

#define FAKE(name) HEADROOM_FAKES "/fake_headroom_" name ".so"

static const int32_t row_ptr[] = { 0, 1 }, col[] = { 0 };
static const struct sparse_pattern pattern = {
    .heads = 1, .q_len = 3, .kv_len = 2, .row_ptr = row_ptr, .col = col
};
static const struct headroom_sparse_options on_cpu = { .device = HEADROOM_CPU,
                                                       .dtype = HEADROOM_F16,
                                                       .dim = 64 };

static void refused(const char *path, enum external_part part, const char *says)
{
    struct external x;
    struct err e = { 0 };

    CHECK_EQ(external_open(&x, path, part, &e), ERR_FORMAT);
    CHECK(x.dl.handle == NULL && x.sparse_open == NULL);
    if (!strstr(e.msg, says)) {
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", e.msg, says);
        CHECK(!"message");
    }
    external_close(&x);
}

static void test_refused(void)
{
    refused("./nowhere.so", EXTERNAL_SPARSE, "./nowhere.so: cannot open shared object file");
    refused("no-such-library.so", EXTERNAL_SPARSE, "expected the path of a shared library");
    refused("README.md", EXTERNAL_SPARSE, "README.md");
    refused("./README.md", EXTERNAL_SPARSE, "invalid ELF header");
    refused(HEADROOM_FAKES "/fake_thing1.so", EXTERNAL_SPARSE, "it has no headroom_abi_version");
    refused(FAKE("lacking"), EXTERNAL_SPARSE, "it has no headroom_sparse_run");
    refused(FAKE("old"), EXTERNAL_SPARSE, "its ABI version is 2, expected 1");
    refused(FAKE("old"), EXTERNAL_TERNARY, "its ABI version is 2, expected 1");
}

/* Open the fake, and what opening and running come to. */
static void gives(const char *path, int open_code, const char *open_says, int run_code,
                  const char *run_says)
{
    struct external x;
    struct headroom_sparse *s;
    uint16_t values[3 * 64];
    struct err e = { 0 };
    const struct sparse_args a = {
        .q = values, .k = values, .v = values, .o = values, .dtype = DTYPE_F16, .dim = 64
    };

    CHECK_EQ(external_open(&x, path, EXTERNAL_SPARSE, &e), 0);
    if (!x.sparse_open)
        return;
    CHECK(x.ternary_open == NULL);
    CHECK_EQ(external_sparse_open(&x, &s, &pattern, &on_cpu, NULL, &e), open_code);
    CHECK(strstr(e.msg, open_says) != NULL);
    e = (struct err){ 0 };
    if (open_code == 0) {
        CHECK_EQ(external_sparse_run(&x, s, &a, NULL, &e), run_code);
        CHECK(strstr(e.msg, run_says) != NULL);
        x.sparse_close(s);
    }
    external_close(&x);
}

static void test_codes(void)
{
    gives(FAKE("refusing"), ERR_NOMEM,
          "headroom_sparse_open of the library: the fake does not want", 0, "");
    gives(FAKE("empty"), ERR_FORMAT, "gives no handle", 0, "");
    gives(FAKE("failing"), 0, "", ERR_ARG, "headroom_sparse_run of the library: the fake does not");
    gives(FAKE("strange"), ERR_FORMAT, "gives -77, which is no code of headroom.h: ?[31mred?", 0,
          "");
    gives(FAKE("wrong"), 0, "", 0, "");
}

/* Only what is wanted has to be there. */
static void test_parts(void)
{
    struct external x;
    struct err e = { 0 };
    char name[64];

    CHECK_EQ(external_open(&x, FAKE("lacking"), EXTERNAL_TERNARY, &e), 0);
    CHECK(x.ternary_run != NULL && x.sparse_open == NULL);
    external_name(&x, name, sizeof(name));
    CHECK_STR(name, "library fake_headroom_lacking.so");
    external_close(&x);
    CHECK_EQ(external_open(&x, HEADROOM_LIBRARY, EXTERNAL_TERNARY, &e), 0);
    CHECK_STR(e.msg, "");
    external_close(&x);
}

static void test_asked(void)
{
    static const struct axis axis[] = { EXTERNAL_AXIS };
    struct params p = { .n = 1, .p = { { .axis = axis, .text = "none" } } };
    const struct params without = { 0 };

    CHECK(external_asked(&p) == NULL);
    CHECK(external_asked(&without) == NULL);
    snprintf(p.p[0].text, AXIS_TEXT, "./none");
    CHECK_STR(external_asked(&p), "./none");
}

int main(void)
{
    test_refused();
    test_codes();
    test_parts();
    test_asked();
    TEST_DONE();
}
