/* test_columns.c - tables fitted to a terminal: what goes first, and that no label is cut. */
#include "test.h"

#include "report/columns.h"

enum { NAME, VALUE, EXTRA, WORD, FIELDS };

static const struct column columns[FIELDS] = {
    [NAME] = { "", 0, false },
    [VALUE] = { "value", 2, true },
    [EXTRA] = { "extra", 2, true },
    [WORD] = { "word", 2, false },
};
static const struct columns_row rows[] = {
    { .cell = { "a name of twenty-two c", "1.5", "10", "yes" } },
    { .cell = { "short", "120.25", "", "" } },
};

static char *shown(int width, bool colour, const int *optional, int n_optional)
{
    const struct terminal_style style = { .columns = width, .colour = colour };
    struct columns c = { .column = columns,
                         .n = FIELDS,
                         .optional = optional,
                         .n_optional = n_optional,
                         .style = &style };
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    for (int i = 0; i < 2; i++)
        columns_widen(&c, &rows[i]);
    columns_fit(&c);
    columns_heads(f, &c);
    for (int i = 0; i < 2; i++)
        columns_print(f, &c, &rows[i]);
    columns_label(f, &c, rows[0].cell[NAME]);
    fclose(f);
    return text;
}

static void is(int width, const int *optional, int n_optional, const char *expected)
{
    char *text = shown(width, false, optional, n_optional);

    CHECK_STR(text, expected);
    free(text);
}

/* 2 + 22 + 2 + 6 + 2 + 5 + 2 + 4 = 45 columns hold all of it. */
static void test_fit(void)
{
    static const int extra_first[] = { EXTRA, NAME }, name_first[] = { NAME, EXTRA };

    is(45, extra_first, 2,
       "                           value  extra  word\n"
       "  a name of twenty-two c     1.5     10  yes\n"
       "  short                   120.25\n"
       "  a name of twenty-two c");
    is(44, extra_first, 2,
       "                           value  word\n"
       "  a name of twenty-two c     1.5  yes\n"
       "  short                   120.25\n"
       "  a name of twenty-two c");
    is(44, name_first, 2,
       "                          value  extra  word\n"
       "  a name of twenty-two c\n"
       "                            1.5     10  yes\n"
       "  short                  120.25\n"
       "  a name of twenty-two c\n"
       "                       ");
    /* Nothing may go: too wide is better than a row that nobody can tell. */
    is(40, NULL, 0,
       "                           value  extra  word\n"
       "  a name of twenty-two c     1.5     10  yes\n"
       "  short                   120.25\n"
       "  a name of twenty-two c");
}

/* A narrow label stays as it is, however little room there is. */
static void test_narrow_label(void)
{
    static const int optional[] = { NAME };
    static const struct columns_row row = { .cell = { "abc", "1", "2",
                                                      "a word of thirty-one characters" } };
    const struct terminal_style style = { .columns = 10 };
    struct columns c = {
        .column = columns, .n = FIELDS, .optional = optional, .n_optional = 1, .style = &style
    };

    columns_widen(&c, &row);
    columns_fit(&c);
    CHECK_EQ(c.width[NAME], 3);
}

static void test_colour(void)
{
    char *text = shown(80, true, NULL, 0);

    CHECK(strncmp(text, "\x1b[2m", 4) == 0);
    CHECK(strstr(text, "word\n\x1b[0m  a name") != NULL);
    free(text);
}

static void bar_is(double part, int cells, bool utf8, const char *expected)
{
    char text[32];

    style_bar(text, sizeof(text), part, cells, utf8);
    CHECK_STR(text, expected);
}

static void test_bar(void)
{
    bar_is(0.5, 4, false, "##..");
    bar_is(0.5, 2, true, "\xE2\x96\x88\xE2\x96\x91");
    bar_is(-1, 2, false, "..");
    bar_is(7, 2, false, "##");
    bar_is((double)NAN, 2, false, "");
}

int main(void)
{
    test_fit();
    test_narrow_label();
    test_colour();
    test_bar();
    TEST_DONE();
}
