/* test_document.c - the written forms of a report: Markdown against golden text, CSV read back by
 * an independent reader, a page of a hostile record without a word of its markup. */
#include "fixture_record.h"

#include "report/document.h"

enum { FIELDS_MAX = 64 };

static char *text_of(void (*write)(FILE *f, const struct report *r), const struct report *r)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    if (!f)
        abort();
    write(f, r);
    fclose(f);
    return text;
}

static char *file_text(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

    text[n] = '\0';
    if (f)
        fclose(f);
    return text;
}

static void make(struct run_record *rec, struct report_run *run, struct report *rep)
{
    fixture_record(rec);
    *run = (struct report_run){ .name = "a|b.json", .record = rec };
    CHECK_EQ(report_make(&(struct report_wish){ .runs = run, .n = 1 }, rep, NULL), 0);
}

static void markdown_is_golden(void)
{
    struct run_record rec;
    struct report_run run;
    struct report rep;
    char *text;

    make(&rec, &run, &rep);
    text = text_of(report_markdown, &rep);
    if (strcmp(text, file_text("test/data/report.md")) != 0) {
        fprintf(stderr, "test/data/report.md differs; this was written:\n%s", text);
        CHECK(!"golden");
    }
    free(text);
    report_release(&rep);
    run_record_release(&rec);
}

/* The fields of one line of CSV, in place.  Gives where the next line begins. */
static char *read_line(char *p, char *field[FIELDS_MAX], int *n)
{
    for (*n = 0; *n < FIELDS_MAX;) {
        char *to = p;
        bool quoted = *p == '"';

        field[(*n)++] = p;
        p += quoted;
        while (*p && (quoted || (*p != ',' && *p != '\r'))) {
            if (quoted && *p == '"' && p[1] != '"') {
                p++;
                break;
            }
            p += quoted && *p == '"';
            *to++ = *p++;
        }
        if (*p == ',') {
            *to = '\0';
            p++;
            continue;
        }
        CHECK(*p == '\r' && p[1] == '\n');
        *to = '\0';
        return p + 2;
    }
    return p;
}

static int column(char *head[], int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(head[i], name) == 0)
            return i;
    CHECK(!"no such column");
    return 0;
}

static void csv_reads_back(void)
{
    struct run_record rec;
    struct report_run run;
    struct report rep;
    char *text, *p, *head[FIELDS_MAX], *field[FIELDS_MAX];
    int columns, n, lines = 0, expected = 0;

    make(&rec, &run, &rep);
    snprintf(rec.results[0].axis_name[0], sizeof(rec.results[0].axis_name[0]), "op");
    snprintf(rec.results[0].axis_name[1], sizeof(rec.results[0].axis_name[1]), "level");
    snprintf(rec.results[3].reason, sizeof(rec.results[3].reason), "no \"AMX\", sorry\r\nreally");
    text = p = text_of(report_csv, &rep);
    p = read_line(p, head, &columns);
    for (int i = 0; i < rec.n_results; i++)
        expected += rec.results[i].n_runs ? rec.results[i].n_runs : 1;
    while (*p) {
        p = read_line(p, field, &n);
        CHECK_EQ(n, columns);
        lines++;
        if (lines == 1) {
            CHECK_STR(field[column(head, n, "settings")], "op=read level=dram");
            CHECK(strtod(field[column(head, n, "value")], NULL) == rec.results[0].value);
            CHECK(strtod(field[column(head, n, "median_ns")], NULL) ==
                  rec.results[0].runs[0].sampling.summary.median);
            CHECK_STR(field[column(head, n, "process")], "1");
        }
        if (strcmp(field[column(head, n, "status")], "skipped") == 0) {
            CHECK_STR(field[column(head, n, "reason")], "no \"AMX\", sorry\r\nreally");
            CHECK_STR(field[column(head, n, "value")], ""); /* never 0 */
        }
    }
    CHECK_EQ(lines, expected);
    free(text);
    report_release(&rep);
    run_record_release(&rec);
}

static const char attack[] = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'";

#define POISON(field) snprintf(field, sizeof(field), "%.*s", (int)sizeof(field) - 1, attack)

static void poison(struct run_record *rec)
{
    POISON(rec->id);
    POISON(rec->suite);
    POISON(rec->start);
    facts_text(&rec->machine, "cpu.model", attack);
    facts_text(&rec->machine, "gpus.0.model", attack);
    facts_text(&rec->machine, "busy.processes.0.name", attack);
    facts_null(&rec->machine, "clock.governor", "%s", attack);
    facts_text(&rec->machine, attack, attack);
    facts_text(&rec->build, "git.commit", attack);
    for (int i = 0; i < rec->n_results; i++) {
        struct result *r = &rec->results[i];

        POISON(r->name);
        POISON(r->device);
        POISON(r->metric);
        POISON(r->unit);
        POISON(r->reason);
        POISON(r->variant);
        for (int k = 0; k < r->params.n; k++)
            POISON(r->params.p[k].text);
        for (int k = 0; k < r->limits.n; k++) {
            POISON(r->limits.l[k].source);
            POISON(r->limits.l[k].reason);
        }
        POISON(r->expected.source);
        POISON(r->notes[0]);
        for (int k = 0; k < r->n_runs; k++) {
            POISON(r->runs[k].sampling.why);
            for (int s = 0; s < r->runs[k].n_telemetry; s++) {
                POISON(r->runs[k].telemetry[s].name);
                POISON(r->runs[k].telemetry[s].reason);
            }
        }
    }
}

static int occurrences(const char *text, const char *of)
{
    int n = 0;

    for (; (text = strstr(text, of)); text++)
        n++;
    return n;
}

/* The page has the scripts and pictures of a clean one, and no more; Markdown has no markup. */
static void hostile_text_stays_text(void)
{
    struct run_record rec;
    struct report_run run;
    struct report rep;
    char *clean, *page, *table;

    make(&rec, &run, &rep);
    clean = text_of(report_html, &rep);
    report_release(&rep);
    poison(&rec);
    run.name = attack;
    CHECK_EQ(report_make(&(struct report_wish){ .runs = &run, .n = 1 }, &rep, NULL), 0);
    page = text_of(report_html, &rep);
    CHECK_EQ(occurrences(page, "</script>"), occurrences(page, "<script"));
    CHECK_EQ(occurrences(page, "<img"), 0);
    CHECK_EQ(occurrences(page, "<script>"), occurrences(clean, "<script>"));
    CHECK(occurrences(page, "&lt;script&gt;") > 20);
    /* ... and what was planted unescaped would be seen. */
    CHECK_EQ(occurrences(attack, "<img"), 1);
    table = text_of(report_markdown, &rep);
    CHECK_EQ(occurrences(table, "<script") + occurrences(table, "</script"), 0);
    CHECK_EQ(occurrences(table, "<img"), 0);
    free(clean);
    free(page);
    free(table);
    report_release(&rep);
    run_record_release(&rec);
}

/* Nothing measured, nothing known: every chart says so. */
static void an_empty_run(void)
{
    struct run_record rec = { .status = RUN_PARTIAL };
    struct report_run run = { .name = "empty.json", .record = &rec };
    struct report rep;
    char *page, *table;

    rec.results = mem_calloc(0, sizeof(*rec.results));
    CHECK_EQ(report_make(&(struct report_wish){ .runs = &run, .n = 1 }, &rep, NULL), 0);
    page = text_of(report_html, &rep);
    CHECK(occurrences(page, "class=\"nodata\"") >= 8);
    CHECK_EQ(occurrences(page, ">nan"), 0);
    table = text_of(report_markdown, &rep);
    CHECK(strstr(table, "0 rows measured") != NULL);
    free(page);
    free(table);
    report_release(&rep);
    run_record_release(&rec);
}

/* Without memory a page has less on it, and is still a page. */
static void without_memory(void)
{
    struct run_record rec;
    struct report_run run;
    struct report rep;

    make(&rec, &run, &rep);
    for (uint64_t n = 1; n < 60; n++) {
        char *page;

        mem_fail_at(n);
        page = text_of(report_html, &rep);
        mem_fail_at(0);
        CHECK(strstr(page, "</html>") != NULL);
        free(page);
    }
    report_release(&rep);
    run_record_release(&rec);
}

/* Without the data of a run the page must stay small. */
static void size_without_data(void)
{
    struct run_record rec = { .status = RUN_COMPLETE };
    struct report_run run = { .name = "empty.json", .record = &rec };
    struct report rep;
    char *page;

    CHECK_EQ(report_make(&(struct report_wish){ .runs = &run, .n = 1 }, &rep, NULL), 0);
    page = text_of(report_html, &rep);
    CHECK(strlen(page) <= 150000);
    printf("a page without data: %zu bytes\n", strlen(page));
    free(page);
    report_release(&rep);
}

int main(void)
{
    markdown_is_golden();
    csv_reads_back();
    hostile_text_stays_text();
    an_empty_run();
    without_memory();
    size_without_data();
    TEST_DONE();
}
