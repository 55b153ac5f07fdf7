/* import_nvbandwidth.c - nvbandwidth's text.
 *
 *   Running NAME.
 *   memcpy CE GPU(row) -> GPU(column) bandwidth (GB/s)      the unit, and what rows and columns are
 *              0         1                                  columns
 *    0       N/A    393.93                                  a row
 *   (blank)
 *   SUM NAME[_PART] 787.67                                  which matrix it was */
#include "store/import/import_nvbandwidth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "store/import/import_rows.h"

static const char tool[] = "nvbandwidth";
enum { GPUS_MAX = 1024, LINE = 32768, TEST = 96 };

static bool detect(const struct import_source *src)
{
    return import_contains(src, "nvbandwidth Version");
}

struct reader {
    const struct import_source *src;
    size_t at;
    int line_no;
    char line[LINE];
    struct run_record *out;
    char test[TEST]; /* of "Running"; "" before the first */
    int first;       /* first row of the matrix that is being read; its rows have no test yet */
    double sum;      /* of its cells */
    int cells;
    struct err *e;
};

static void bad(struct reader *in, const char *what)
{
    ERR(in->e, ERR_FORMAT, "line %d: %s: \"%.80s\"", in->line_no, what, in->line);
}

/* false at the end, or at a line that is too long for this format. */
static bool next_line(struct reader *in)
{
    const char *from = in->src->text + in->at;
    size_t left = in->src->n - in->at, n;
    const char *end = memchr(from, '\n', left);

    if (left == 0 || in->e->code)
        return false;
    n = end ? (size_t)(end - from) : left;
    in->at += n + (end != NULL);
    in->line_no++;
    if (n >= LINE || memchr(from, '\0', n)) {
        snprintf(in->line, sizeof(in->line), "%.60s", from);
        bad(in, "not a line of text");
        return false;
    }
    memcpy(in->line, from, n);
    in->line[n] = '\0';
    if (n && in->line[n - 1] == '\r')
        in->line[n - 1] = '\0';
    return true;
}

static bool starts(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* "Device 0: NVIDIA H200 (00000000:00:06)" */
static void read_device(struct reader *in)
{
    char key[40], model[96];
    char *end, *bus;
    long i = strtol(in->line + strlen("Device "), &end, 10);

    if (*end != ':' || i < 0 || i >= GPUS_MAX)
        return;
    snprintf(model, sizeof(model), "%s", end + 1 + strspn(end + 1, " "));
    bus = strrchr(model, '(');
    if (bus && bus > model && bus[-1] == ' ')
        bus[-1] = '\0';
    snprintf(key, sizeof(key), "gpus.%ld.model", i);
    facts_text(&in->out->machine, key, model);
}

static void read_cell(struct reader *in, const char *header, long row, long column, double value)
{
    bool latency = strstr(header, "(ns)") != NULL, row_is_gpu = strstr(header, "GPU(row)") != NULL;
    struct result *r;
    char device[24];

    snprintf(device, sizeof(device), "gpu:%ld", row_is_gpu ? row : column);
    r = import_row(in->out, tool, device, latency ? "latency" : "bandwidth",
                   latency ? "ns" : "GB/s", latency ? LOWER_IS_BETTER : HIGHER_IS_BETTER, in->e);
    if (!r)
        return;
    import_param_int(r, "row", row, in->e);
    import_param_int(r, "column", column, in->e);
    import_value(r, value, (double)NAN, (double)NAN, in->src->modified_unix_s, in->e);
    in->sum += value;
    in->cells++;
}

static int read_columns(struct reader *in, long *column, int cap)
{
    char *at = in->line, *end;
    int n = 0;

    for (;; at = end) {
        long c = strtol(at, &end, 10);

        if (end == at || n == cap)
            break;
        column[n++] = c;
    }
    if (n == 0 || at[strspn(at, " ")])
        bad(in, "not the columns of a matrix");
    return n;
}

static void read_matrix_row(struct reader *in, const char *header, const long *column, int n)
{
    char *at, *end;
    long row = strtol(in->line, &at, 10);

    if (at == in->line)
        bad(in, "not a row of a matrix");
    for (int i = 0; i < n && !in->e->code; i++) {
        double value;

        at += strspn(at, " ");
        if (starts(at, "N/A")) {
            at += 3;
            continue;
        }
        value = strtod(at, &end);
        if (end == at || !(value > 0 && isfinite(value))) {
            bad(in, "a cell is neither a figure nor N/A");
            return;
        }
        at = end;
        read_cell(in, header, row, column[i], value);
    }
    if (!in->e->code && at[strspn(at, " ")])
        bad(in, "more cells than columns");
}

/* The names are long, and most have this word. */
static void shorten(char *name)
{
    char *word = strstr(name, "_memcpy");

    if (word)
        memmove(word, word + strlen("_memcpy"), strlen(word + strlen("_memcpy")) + 1);
}

/* "SUM NAME_PART TOTAL": the matrix before it has a name now. */
static void read_sum(struct reader *in)
{
    char name[TEST], test[TEST];
    const char *part;
    double total;

    if (in->first < 0 || sscanf(in->line, "SUM %95s %lf", name, &total) != 2) {
        bad(in, "not the sum of a matrix");
        return;
    }
    /* Cells and sum have two decimals. */
    if (!(fabs(total - in->sum) <= 0.006 * (in->cells + 1))) {
        snprintf(in->line, sizeof(in->line), "%.95s", name);
        ERR(in->e, ERR_FORMAT, "line %d: SUM %s is %.2f, but its cells give %.2f", in->line_no,
            name, total, in->sum);
        return;
    }
    part = starts(name, in->test) ? name + strlen(in->test) : "";
    part += *part == '_';
    snprintf(test, sizeof(test), "%s", starts(name, in->test) ? in->test : name);
    shorten(test);
    for (int i = in->first; i < in->out->n_results; i++) {
        import_param(&in->out->results[i], "test", test, in->e);
        if (*part)
            import_param(&in->out->results[i], "part", part, in->e);
    }
    in->first = -1;
}

static void read_matrix(struct reader *in)
{
    static const int cap = GPUS_MAX;
    char header[120];
    long *column = mem_calloc((size_t)cap, sizeof(*column));
    int n;

    snprintf(header, sizeof(header), "%.119s", in->line);
    if (!column)
        ERR(in->e, ERR_NOMEM, "no memory for a matrix");
    else if (in->first >= 0)
        bad(in, "the matrix before has no SUM");
    in->first = in->out->n_results;
    in->sum = in->cells = 0;
    if (!in->e->code && next_line(in)) {
        n = read_columns(in, column, cap);
        while (!in->e->code && next_line(in) && in->line[strspn(in->line, " ")])
            read_matrix_row(in, header, column, n);
    }
    mem_free(column);
}

static void read_line(struct reader *in)
{
    char *dot;

    if (strstr(in->line, "(GB/s)") || strstr(in->line, "(ns)"))
        read_matrix(in);
    else if (starts(in->line, "Device "))
        read_device(in);
    else if (starts(in->line, "Driver Version: "))
        facts_text(&in->out->machine, "driver", in->line + strlen("Driver Version: "));
    else if (starts(in->line, "Running ")) {
        snprintf(in->test, sizeof(in->test), "%.90s", in->line + strlen("Running "));
        dot = strrchr(in->test, '.');
        if (dot)
            *dot = '\0';
    } else if (starts(in->line, "SUM "))
        read_sum(in);
}

static void read_head(struct reader *in)
{
    static const char label[] = "nvbandwidth Version: ";
    const char *version = strstr(in->line, label);

    import_head(in->out, in->src, tool, version ? version + strlen(label) : "", (double)NAN, in->e);
    facts_null(&in->out->machine, "cpu.model", "nvbandwidth does not say");
}

static int read_text(const struct import_source *src, struct run_record *out, struct err *e)
{
    struct err why = { 0 };
    struct reader *in = mem_calloc(1, sizeof(*in));

    if (!in)
        return ERR(e, ERR_NOMEM, "no memory to read nvbandwidth's text");
    *in = (struct reader){ .src = src, .out = out, .first = -1, .e = &why };
    if (next_line(in))
        read_head(in);
    while (next_line(in))
        read_line(in);
    if (!why.code && in->first >= 0)
        ERR(&why, ERR_FORMAT, "line %d: the file ends before the last matrix's SUM", in->line_no);
    if (!why.code && out->n_results == 0)
        ERR(&why, ERR_FORMAT, "no matrix of figures in it");
    if (!why.code && (out->machine.lost || out->build.lost))
        ERR(&why, ERR_NOMEM, "no memory for what it says of the machine");
    mem_free(in);
    return why.code ? ERR(e, why.code, "%s", why.msg) : 0;
}

const struct importer import_nvbandwidth = {
    .name = tool,
    .what = "text of nvbandwidth",
    .detect = detect,
    .read = read_text,
};
