/* fuzz_report.c - the written forms of a result file that anybody may have written.
 *
 * Oracles: the page has as many scripts as it closes, and no more of them and no other element than
 * a page of ours has; no place in a picture is not a number; neither page nor Markdown holds what
 * could be markup of the file's.  The run is held against itself, so that a comparison is there. */
#include "fuzz.h"

#include "core/mem.h"
#include "report/document.h"
#include "store/run_json.h"

static char *written(void (*write)(FILE *f, const struct report *r), const struct report *r)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    FUZZ_CHECK(f);
    write(f, r);
    fclose(f);
    return text;
}

static int count(const char *text, const char *what)
{
    int n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run_record r;
    struct report_run runs[2] = { { "a", &r }, { "b", &r } };
    struct report rep;
    struct err e = { 0 };
    char *input = fuzz_copy(data, size), *text;
    int rc = run_json_parse(input, size, &r, &e);

    free(input);
    if (rc < 0)
        return 0;
    FUZZ_CHECK(report_make(&(struct report_wish){ .runs = runs, .n = 2 }, &rep, &e) == 0);
    text = written(report_html, &rep);
    FUZZ_CHECK(count(text, "<script") == count(text, "</script"));
    FUZZ_CHECK(count(text, "<script>") == 2); /* those that run; data have a type */
    FUZZ_CHECK(!strstr(text, "<img") && !strstr(text, "<iframe") && !strstr(text, "<b x"));
    FUZZ_CHECK(!strstr(text, "=\"nan") && !strstr(text, "=\"-nan") && !strstr(text, "=\"inf") &&
               !strstr(text, "=\"-inf"));
    free(text);
    text = written(report_markdown, &rep);
    FUZZ_CHECK(!strstr(text, "<script") && !strstr(text, "</script") && !strstr(text, "<img") &&
               !strstr(text, "<b x"));
    free(text);
    text = written(report_csv, &rep);
    FUZZ_CHECK(count(text, "\r\n") >= 1 + 2 * r.n_results);
    free(text);
    report_release(&rep);
    run_record_release(&r);
    return 0;
}
