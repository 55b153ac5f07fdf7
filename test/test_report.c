/* test_report.c - the table a person reads, against golden text, and its parts. */
#include "fixture_record.h"

#include "report/figures.h"
#include "report/footnotes.h"
#include "report/terminal.h"
#include "report/textline.h"

enum { ROWS = 16 };

static struct result *add(struct run_record *rec, const char *name, const char *metric,
                          const char *unit, enum direction d, const char *settings)
{
    static const char *const axes[] = { "op", "level", "block", "depth" };
    struct result *r = &rec->results[rec->n_results++];
    char words[128], *word = words;

    fixture_row(r, name, metric, unit, d);
    snprintf(words, sizeof(words), "%s", settings);
    for (int i = 0; *word; i++) {
        size_t n = strcspn(word, " ");
        bool more = word[n] != '\0';

        word[n] = '\0';
        snprintf(r->params.p[i].text, AXIS_TEXT, "%.30s", word);
        snprintf(r->axis_name[i], sizeof(r->axis_name[i]), "%s", axes[i]);
        r->params.n++;
        word += n + more;
    }
    return r;
}

static void value(struct result *r, double v, double half)
{
    r->value = v;
    r->value_lo = v - half;
    r->value_hi = v + half;
}

static void limit(struct result *r, enum limit_kind kind, double v)
{
    r->limits.l[r->limits.n++] = (struct limit){ .kind = kind, .value = v, .lo = v, .hi = v };
    limits_bind(&r->limits, r->direction);
    r->percent = limits_percent(&r->limits, r->value, r->direction);
}

static void without(struct result *r, enum result_status status, const char *why)
{
    r->status = status;
    snprintf(r->reason, sizeof(r->reason), "%s", why);
}

static void storage_rows(struct run_record *rec)
{
    struct result *r;

    r = add(rec, "silicon.storage", "bandwidth", "GB/s", HIGHER_IS_BETTER, "read seq 1MiB 8");
    value(r, 3.2104, 0.04);
    limit_none(&r->limits, "a virtual disk: nothing says what it could do");
    r = add(rec, "silicon.storage", "iops", "IOPS", HIGHER_IS_BETTER, "read random 4KiB 32");
    value(r, 184211, 900);
    limit_none(&r->limits, "a virtual disk: nothing says what it could do");
    r = add(rec, "silicon.storage", "iops", "IOPS", HIGHER_IS_BETTER, "read random 4KiB 1");
    value(r, 9211, 300);
    limit_none(&r->limits, "a virtual disk: nothing says what it could do");
    result_note(r, "the page cache answered: not storage");
    r = add(rec, "silicon.storage", "bandwidth", "GB/s", HIGHER_IS_BETTER, "write seq 1MiB 8");
    without(r, RESULT_FAILED,
            "write /data/.headroom-scratch: No space left on device (needs 1.0 "
            "GiB, 0.3 GiB are free); --dir names another folder");
}

/* A run as one would see it, without samples: the table reads values only. */
static void make(struct run_record *rec)
{
    struct result *r;

    fixture_record(rec);
    for (int i = 0; i < rec->n_results; i++)
        result_release(&rec->results[i]);
    mem_free(rec->results);
    rec->results = mem_calloc(ROWS, sizeof(*rec->results));
    rec->n_results = 0;
    rec->status = RUN_COMPLETE;
    r = add(rec, "silicon.memory", "bandwidth", "GB/s", HIGHER_IS_BETTER, "triad dram");
    value(r, 199.87, 0.31);
    limit(r, LIMIT_PAPER, 307.2);
    r->expected = (struct expected){ .lo = 180, .hi = 260, .source = "results/epyc.json" };
    r = add(rec, "silicon.memory", "bandwidth", "GB/s", HIGHER_IS_BETTER, "read l1");
    value(r, 1411.2, 22);
    limit(r, LIMIT_PAPER, 1401.6);
    r = add(rec, "silicon.memory", "latency", "ns", LOWER_IS_BETTER, "chase dram");
    value(r, 131.52, 2.2);
    r->expected = (struct expected){ .lo = 80, .hi = 120, .source = "results/epyc.json" };
    limit(r, LIMIT_LATENCY, 92);
    r = add(rec, "silicon.compute", "throughput", "TFLOPS", HIGHER_IS_BETTER, "fp32 fma");
    value(r, 0.18714, 0.0004);
    limit(r, LIMIT_PAPER, 0.1984);
    limit(r, LIMIT_MEASURED, 0.191);
    result_note(r, "the machine is busy: load average 3.2 on 16 CPUs");
    r = add(rec, "silicon.compute", "throughput", "TFLOPS", HIGHER_IS_BETTER, "fp64 fma");
    without(r, RESULT_INVALID, "measurement fault: 0.21 TFLOPS is 210 % of the paper limit 0.1");
    for (int i = 0; i < 3; i++) {
        r = add(rec, "silicon.compute", "throughput", "TFLOPS", HIGHER_IS_BETTER,
                i == 0   ? "int8 amx"
                : i == 1 ? "bf16 amx"
                         : "fp16 avx512");
        without(r, RESULT_SKIPPED, i < 2 ? "this CPU has no AMX" : "this CPU has no AVX-512 FP16");
    }
    storage_rows(rec);
    r = add(rec, "kernels.gemm", "throughput", "TFLOPS", HIGHER_IS_BETTER, "");
    snprintf(r->device, sizeof(r->device), "gpu:0");
    value(r, 512.25, 1);
    limit(r, LIMIT_MEASURED, 689.1);
    r->origin = ORIGIN_SYNTHETIC;
    add(rec, "models.llm.load", "latency", "s", LOWER_IS_BETTER, "");
    without(&rec->results[rec->n_results - 1], RESULT_SKIPPED, "no model given: -m FILE");
}

static char *shown(const struct run_record *rec, int columns, bool utf8, bool colour)
{
    const struct terminal_style style = { .columns = columns, .utf8 = utf8, .colour = colour };
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    terminal_header(f, rec, "the machine is busy (load average 3.2 on 16 CPUs): figures may be low",
                    &style);
    terminal_table(f, rec, &style);
    terminal_closing(f, rec, "headroom-20261121T075432Z.json", 24.4, &style);
    fclose(f);
    return text;
}

static void widest_is(const char *text, size_t columns)
{
    char line[512];

    for (; *text; text += strcspn(text, "\n") + 1) {
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
        if (textline_width(line) > columns)
            fprintf(stderr, "wider than %zu: %s\n", columns, line);
        CHECK(textline_width(line) <= columns);
        CHECK(!*line || line[strlen(line) - 1] != ' ');
    }
}

/* The text of a file in test/data; a new one is made by hand from what the test prints. */
static void golden(const char *name, const char *text)
{
    char path[128], file[16384] = "";
    FILE *f;

    snprintf(path, sizeof(path), "test/data/%s", name);
    f = fopen(path, "r");
    if (f) {
        size_t n = fread(file, 1, sizeof(file) - 1, f);

        file[n] = '\0';
        fclose(f);
    }
    if (strcmp(file, text) != 0)
        fprintf(stderr, "%s is not:\n%s", path, text);
    CHECK(strcmp(file, text) == 0);
}

static void test_golden(void)
{
    struct run_record rec;
    char *text;

    make(&rec);
    text = shown(&rec, 80, true, false);
    golden("report-80.txt", text);
    widest_is(text, 80);
    CHECK(!strchr(text, '\x1b'));
    free(text);
    text = shown(&rec, 120, true, false);
    golden("report-120.txt", text);
    widest_is(text, 120);
    free(text);
    text = shown(&rec, 80, false, false);
    golden("report-80-ascii.txt", text);
    for (const char *p = text; *p; p++)
        CHECK((unsigned char)*p < 0x80);
    free(text);
    text = shown(&rec, 40, true, false);
    CHECK(strstr(text, "read random block=4KiB depth=32\n") != NULL);
    free(text);
    text = shown(&rec, 80, true, true);
    CHECK(strstr(text, "\x1b[1;31m  fp64 fma") != NULL);
    free(text);
    run_record_release(&rec);
}

static void test_empty(void)
{
    struct run_record rec = { 0 };
    char *text = shown(&rec, 80, true, false);

    CHECK(strstr(text, "0 rows: 0 ok; took 24 s") != NULL);
    CHECK(strstr(text, "cpu       unknown") != NULL);
    free(text);
}

/* What came from a file cannot drive the terminal. */
static void test_hostile(void)
{
    struct run_record rec = { 0 };
    struct result *r;
    char *text;

    rec.results = mem_calloc(2, sizeof(*rec.results));
    r = add(&rec, "a.\x1b[2Jb", "m\n", "\x1b]0;x\x07", HIGHER_IS_BETTER, "\x1b[31mred");
    value(r, 1, 0.1);
    result_note(r, "\x1b[2J\r\n\tnote");
    r = add(&rec, "a.c", "m", "u", HIGHER_IS_BETTER, "");
    without(r, RESULT_FAILED, "\x1b[2J\x7f");
    facts_text(&rec.machine, "cpu.model", "\x1b[2JCPU");
    snprintf(rec.suite, sizeof(rec.suite), "\x1b[2J");
    text = shown(&rec, 80, true, false);
    for (const char *p = text; *p; p++)
        CHECK((unsigned char)*p >= 0x20 || *p == '\n');
    free(text);
    run_record_release(&rec);
}

static void number_is(double v, const char *expected)
{
    char text[FIGURES_TEXT];

    figures_number(text, v, figures_decimals(v), false);
    CHECK_STR(text, expected);
}

static void unit_is(const char *unit, double largest, const char *expected, double factor)
{
    struct figures_unit u = figures_unit_for(unit, largest);

    CHECK_STR(u.name, expected);
    CHECK_NEAR(u.factor, factor, factor * 1e-12);
}

static void duration_is(double s, const char *expected)
{
    char text[FIGURES_TEXT];

    figures_duration(text, s);
    CHECK_STR(text, expected);
}

static void test_figures(void)
{
    number_is(199.87, "199.9");
    number_is(1411.2, "1411");
    number_is(12.3456, "12.35");
    number_is(1.25, "1.250");
    number_is(0.18714, "0.1871");
    number_is(0.0123, "0.01230");
    number_is(0.00001234, "0.000012");
    number_is(0, "0");
    number_is(-0.4, "-0.4000");
    number_is(184211, "184211");
    number_is(1e300, "1.000e+300");
    number_is(NAN, "-");
    number_is(INFINITY, "-");
    unit_is("IOPS", 184211, "kIOPS", 1e-3);
    unit_is("IOPS", 9999, "IOPS", 1);
    unit_is("GB/s", 0.02, "MB/s", 1e3);
    unit_is("GB/s", 12345, "TB/s", 1e-3);
    unit_is("ns", 5012000, "ms", 1e-6);
    unit_is("s", 0.00002, "us", 1e6);
    unit_is("TFLOPS", 0.187, "TFLOPS", 1);
    unit_is("tok/s", 123456, "tok/s", 1);
    unit_is("GB/s", 0, "GB/s", 1);
    unit_is("GB/s", NAN, "GB/s", 1);
    duration_is(0.84, "0.8 s");
    duration_is(9.97, "10 s");
    duration_is(59.6, "1 min 00 s");
    duration_is(3725, "1 h 02 min");
    duration_is(NAN, "-");
    duration_is(-1, "-");
}

static void cut_is(const char *s, int columns, bool utf8, const char *expected)
{
    char text[64];

    snprintf(text, sizeof(text), "%s", s);
    textline_cut(text, sizeof(text), columns, utf8);
    CHECK_STR(text, expected);
}

static void test_textline(void)
{
    cut_is("abcdef", 6, true, "abcdef");
    cut_is("abcdef", 5, true, "abcd\xE2\x80\xA6");
    cut_is("abcdef", 5, false, "ab...");
    cut_is("\xC2\xB5\xC2\xB5\xC2\xB5", 2, true, "\xC2\xB5\xE2\x80\xA6");
    cut_is("abcdef", 2, false, "ab");
    cut_is("abcdef", 0, true, "");
    cut_is("abcdef", -5, true, "");
    CHECK_EQ(textline_width("\xC2\xB1 1"), 3);
}

static void remark(struct footnotes *fn, const char *note, const char *marks)
{
    struct result r = { .status = RESULT_FAILED };
    char found[32];

    result_note(&r, "%s", note);
    footnotes_add(fn, &r, found, sizeof(found));
    CHECK_STR(found, marks);
}

static void short_is(const char *marks, size_t cap, const char *expected)
{
    char text[32];

    footnotes_shorten(marks, text, cap);
    CHECK_STR(text, expected);
}

static void test_shorter_marks(void)
{
    short_is("", 32, "");
    short_is("7", 32, "7");
    short_is("1,2", 32, "1,2");
    short_is("1,2,3", 32, "1-3");
    short_is("1,3,4,6,13,14,15,17", 32, "1,3,4,6,13-15,17");
    short_is("9,10,11", 32, "9-11");
    short_is("9,10,11", 4, "9-1"); /* cut, never beyond */
}

/* Words that differ only in figures are one remark; digits inside words are words. */
static void test_footnotes(void)
{
    struct footnotes fn = { 0 };
    char text[256];

    remark(&fn, "coefficient of variation 17 % (over 10 %): so", "1");
    remark(&fn, "coefficient of variation 9.5 % (over 10 %): so", "1");
    remark(&fn, "coefficient of variation 120 % (over 10 %): so", "1");
    remark(&fn, "coefficient of variation 120 % (over 10 %): and so", "2");
    remark(&fn, "trend of -3.1 % over 2x8 fp32 v1.2", "3");
    remark(&fn, "trend of 2 % over 2x8 fp32 v1.2", "3");
    remark(&fn, "trend of 2 % over 2x8 fp64 v1.2", "4");
    remark(&fn, "1 2 3 4 5 6 7", "5");
    remark(&fn, "1 2 3 4 5 6 8", "6");
    remark(&fn, "", "");
    footnotes_text(&fn, 0, text, sizeof(text));
    CHECK_STR(text, "coefficient of variation 9.5 to 120 % (over 10 %): so");
    footnotes_text(&fn, 2, text, sizeof(text));
    CHECK_STR(text, "trend of -3.1 to 2 % over 2x8 fp32 v1.2");
    footnotes_text(&fn, 4, text, 5);
    CHECK_STR(text, "1 2 ");
    footnotes_release(&fn);
}

/* A wide interval is lopsided: its ends are shown.  Rows that all failed have no heads above. */
static void test_wide_and_failed(void)
{
    struct run_record rec = { .results = mem_calloc(2, sizeof(struct result)) };
    struct result *r = add(&rec, "silicon.memory", "bandwidth", "GB/s", HIGHER_IS_BETTER, "read");
    char *text;

    value(r, 20, 1);
    r->value_lo = 11.5;
    r->value_hi = 143;
    text = shown(&rec, 80, true, false);
    CHECK(strstr(text, "20.00 11.50 to 143.00") != NULL);
    free(text);
    without(r, RESULT_FAILED, "hung");
    text = shown(&rec, 80, true, false);
    CHECK(strstr(text, "FAILED  hung") && !strstr(text, "value"));
    CHECK(!strstr(text, "\n\n\n") && !strstr(text, "\n \n"));
    free(text);
    run_record_release(&rec);
}

static void test_out_of_memory(void)
{
    struct run_record rec;
    const struct terminal_style style = { .columns = 80, .utf8 = true };
    FILE *f = fopen("/dev/null", "w");

    make(&rec);
    for (uint64_t n = 1; n < 30; n++) {
        mem_fail_at(n);
        terminal_table(f, &rec, &style);
        mem_fail_at(0);
    }
    fclose(f);
    run_record_release(&rec);
}

int main(void)
{
    test_golden();
    test_empty();
    test_hostile();
    test_figures();
    test_textline();
    test_footnotes();
    test_shorter_marks();
    test_wide_and_failed();
    test_out_of_memory();
    TEST_DONE();
}
