/* test_axis.c - what the values of names and files may be. */
#include <string.h>

#include "core/axis.h"
#include "test.h"

static const struct axis word = { .name = "model", .kind = AXIS_WORD };
static const struct axis file = { .name = "library", .kind = AXIS_FILE };

static int parse(const struct axis *a, const char *text, struct axis_values *v, struct err *e)
{
    *e = (struct err){ 0 };
    return axis_parse(a, text, v, e);
}

static void test_files(void)
{
    static const char *const fine[] = { "none", "./other.so", "../a/b.so.1", "/opt/x+y/~u@h.so" };
    static const char *const bad[] = { "a b", "a=b", "$HOME", "a\n", "\x1b[0m" };
    char text[AXIS_TEXT], longest[AXIS_TEXT + 1];
    struct axis_values v;
    struct err e;

    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        CHECK_EQ(parse(&file, fine[i], &v, &e), 0);
        CHECK_EQ(v.n, 1);
        axis_format(&file, v.v[0], text);
        CHECK_STR(text, fine[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_EQ(parse(&file, bad[i], &v, &e), ERR_ARG);
        CHECK(strstr(e.msg, "is not a file's name") != NULL);
    }
    memset(longest, 'x', AXIS_TEXT);
    longest[AXIS_TEXT] = '\0';
    CHECK_EQ(parse(&file, longest, &v, &e), ERR_ARG);
    CHECK(strstr(e.msg, "more than 95 characters") != NULL);
    longest[AXIS_TEXT - 1] = '\0';
    CHECK_EQ(parse(&file, longest, &v, &e), 0);
    CHECK_EQ(parse(&file, "", &v, &e), ERR_ARG);
    CHECK_EQ(parse(&file, "*", &v, &e), ERR_ARG);
    CHECK_EQ(parse(&file, "./a.so,./b.so,./a.so", &v, &e), 0);
    CHECK_EQ(v.n, 2);
}

static void test_words(void)
{
    struct axis_values v;
    struct err e;

    CHECK_EQ(parse(&word, "smollm2-135m", &v, &e), 0);
    CHECK_EQ(parse(&word, "../smollm2", &v, &e), ERR_ARG);
    CHECK_EQ(parse(&word, "a/b", &v, &e), ERR_ARG);
    CHECK(strstr(e.msg, "is not a name") != NULL);
}

int main(void)
{
    test_files();
    test_words();
    TEST_DONE();
}
