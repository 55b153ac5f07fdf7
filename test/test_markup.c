/* test_markup.c - text from anywhere stays text, in every form of a report. */
#include "test.h"

#include "report/markup.h"

static char out[1024];

static const char *written(void (*write)(FILE *f, const char *s), const char *s)
{
    FILE *f = fmemopen(out, sizeof(out), "w");

    if (!f)
        abort();
    out[0] = '\0';
    write(f, s);
    fclose(f);
    return out;
}

static void html(void)
{
    CHECK_STR(written(markup_html, "fp32 best \xC2\xB5s"), "fp32 best \xC2\xB5s");
    CHECK_STR(written(markup_html, "</script><b a='1' b=\"2\">&amp;"),
              "&lt;/script&gt;&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;amp;");
    CHECK_STR(written(markup_html, "a\nb\x1b[31mc\x7f"), "a b [31mc ");
    CHECK_STR(written(markup_html, ""), "");
}

static void json(void)
{
    CHECK_STR(written(markup_json, "a\"b\\c"), "\"a\\\"b\\\\c\"");
    CHECK_STR(written(markup_json, "</script>&"), "\"\\u003c/script\\u003e\\u0026\"");
    CHECK_STR(written(markup_json, "\n\x01"), "\"\\u000a\\u0001\"");
    CHECK_STR(written(markup_json, "\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xA6"),
              "\"\\u2028\\u2029\xE2\x80\xA6\"");
}

/* RFC 4180, section 2; and what a spreadsheet would run. */
static void csv(void)
{
    CHECK_STR(written(markup_csv, "plain text"), "plain text");
    CHECK_STR(written(markup_csv, "a,b"), "\"a,b\"");
    CHECK_STR(written(markup_csv, "say \"so\""), "\"say \"\"so\"\"\"");
    CHECK_STR(written(markup_csv, "two\r\nlines"), "\"two\r\nlines\"");
    CHECK_STR(written(markup_csv, "=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
    CHECK_STR(written(markup_csv, "@SUM(A1)"), "\"'@SUM(A1)\"");
    CHECK_STR(written(markup_csv, "-1"), "\"'-1\"");
    CHECK_STR(written(markup_csv, ""), "");
}

static void markdown(void)
{
    CHECK_STR(written(markup_markdown, "a|b"), "a\\|b");
    CHECK_STR(written(markup_markdown, "<img src=x>"), "&lt;img src=x&gt;");
    CHECK_STR(written(markup_markdown, "@team see #12 [x](y) `z`"),
              "&#64;team see \\#12 \\[x\\](y) \\`z\\`");
    CHECK_STR(written(markup_markdown, "two\nlines"), "two lines");
}

static void numbers(void)
{
    FILE *f = fmemopen(out, sizeof(out), "w");

    if (!f)
        abort();
    markup_json_number(f, 1234.5678);
    fputc(' ', f);
    markup_json_number(f, (double)NAN);
    fputc(' ', f);
    markup_json_number(f, -(double)INFINITY);
    fclose(f);
    CHECK_STR(out, "1234.57 null null");
}

int main(void)
{
    html();
    json();
    csv();
    markdown();
    numbers();
    TEST_DONE();
}
