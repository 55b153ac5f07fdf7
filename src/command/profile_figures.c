/* profile_figures.c - what profilers found, read from what they print. */
#include "command/profile_figures.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 2048, STALLS_MAX = 48 };

enum column { NAME, TIME, DRAM, L2, TENSOR, WARPS, REGISTERS, COLUMNS };
static const char *const heads[COLUMNS] = {
    [NAME] = "Kernel Name",
    [TIME] = "gpu__time_duration.sum",
    [DRAM] = "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed",
    [L2] = "lts__throughput.avg.pct_of_peak_sustained_elapsed",
    [TENSOR] = "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed",
    [WARPS] = "sm__warps_active.avg.pct_of_peak_sustained_active",
    [REGISTERS] = "launch__registers_per_thread",
};

/* Warps waiting for this, for each instruction that is issued: their sum is all resident warps. */
static const char stall_head[] = "smsp__average_warps_issue_stalled_";
static const char stall_end[] = "_per_issue_active.ratio";

struct table {
    char *field[FIELDS_MAX];
    int column[COLUMNS]; /* -1: not there */
    int stall[STALLS_MAX], n_stalls;
    char stall_name[STALLS_MAX][32];
    double stalled[PROFILE_KERNELS_MAX][STALLS_MAX]; /* times time */
};

/* The fields of one line, quotes taken away; *at moves on to the next.  Gives how many. */
static int split(char **at, char *field[FIELDS_MAX])
{
    char *from = *at, *to = *at;
    int n = 0;

    while (*from && *from != '\n') {
        bool quoted = *from == '"';

        if (n < FIELDS_MAX)
            field[n++] = to;
        from += quoted;
        while (*from && (quoted || (*from != ',' && *from != '\n'))) {
            if (quoted && *from == '"' && from[1] != '"')
                break;
            from += quoted && *from == '"';
            *to++ = *from++;
        }
        from += quoted && *from == '"';
        from += strcspn(from, ",\n");
        quoted = *from == ','; /* read before the end of this field is written over it */
        from += quoted;
        if (!quoted) {
            *at = *from ? from + 1 : from;
            *to = '\0';
            return n;
        }
        *to++ = '\0';
    }
    *at = *from ? from + 1 : from;
    return n;
}

/* NaN for what is no number; "65,536" is one. */
static double number(const char *text)
{
    char plain[64], *end;
    size_t n = 0;
    double v;

    for (; *text && n + 1 < sizeof(plain); text++)
        if (*text != ',')
            plain[n++] = *text;
    plain[n] = '\0';
    v = strtod(plain, &end);
    return n > 0 && *end == '\0' ? v : (double)NAN;
}

static void read_heads(struct table *t, int n)
{
    for (int c = 0; c < COLUMNS; c++)
        t->column[c] = -1;
    t->n_stalls = 0;
    for (int i = 0; i < n; i++) {
        const char *head = t->field[i], *name = head + strlen(stall_head);
        const char *end = strstr(head, stall_end);

        for (int c = 0; c < COLUMNS; c++)
            if (strcmp(head, heads[c]) == 0)
                t->column[c] = i;
        if (strncmp(head, stall_head, strlen(stall_head)) != 0 || !end || end < name ||
            t->n_stalls == STALLS_MAX)
            continue;
        snprintf(t->stall_name[t->n_stalls], sizeof(t->stall_name[0]), "%.*s", (int)(end - name),
                 name);
        for (char *p = t->stall_name[t->n_stalls]; *p; p++)
            if (*p == '_')
                *p = ' ';
        t->stall[t->n_stalls++] = i;
    }
}

/* "void x::stream_kernel<(stream_gpu_op)1, 4>(stream_gpu_args)" is "x::stream_kernel". */
static void short_name(const char *full, char *out, size_t cap)
{
    const char *from = strncmp(full, "void ", 5) == 0 ? full + 5 : full;
    static const char unnamed[] = "(anonymous namespace)::";

    if (strncmp(from, unnamed, strlen(unnamed)) == 0)
        from += strlen(unnamed);
    snprintf(out, cap, "%.*s", (int)strcspn(from, "<("), from);
}

static struct profile_kernel *kernel_of(struct profile_kernels *all, const char *full)
{
    char name[sizeof(all->kernel[0].name)];

    short_name(full, name, sizeof(name));
    for (int i = 0; i < all->n; i++)
        if (strcmp(all->kernel[i].name, name) == 0)
            return &all->kernel[i];
    if (all->n == PROFILE_KERNELS_MAX) {
        all->dropped++;
        return NULL;
    }
    all->kernel[all->n].registers = (double)NAN;
    snprintf(all->kernel[all->n].name, sizeof(name), "%s", name);
    return &all->kernel[all->n++];
}

static double cell(const struct table *t, int n, int column)
{
    return column >= 0 && column < n ? number(t->field[column]) : (double)NAN;
}

static void add_launch(struct table *t, int n, struct profile_kernels *out)
{
    struct profile_kernel *k;
    double ns = cell(t, n, t->column[TIME]);

    if (t->column[NAME] >= n || !(ns >= 0))
        return; /* the line of units */
    k = kernel_of(out, t->field[t->column[NAME]]);
    if (!k)
        return;
    k->launches++;
    k->time_ns += ns;
    k->dram += ns * cell(t, n, t->column[DRAM]);
    k->l2 += ns * cell(t, n, t->column[L2]);
    k->tensor += ns * cell(t, n, t->column[TENSOR]);
    k->warps += ns * cell(t, n, t->column[WARPS]);
    k->registers = fmax(k->registers, cell(t, n, t->column[REGISTERS]));
    for (int i = 0; i < t->n_stalls; i++)
        t->stalled[k - out->kernel][i] += ns * cell(t, n, t->stall[i]);
}

/* An instruction that is issued is no stall, but part of the whole. */
static void finish(const struct table *t, const double stalled[STALLS_MAX],
                   struct profile_kernel *k)
{
    double most = 0, all = 0;

    k->dram /= k->time_ns;
    k->l2 /= k->time_ns;
    k->tensor /= k->time_ns;
    k->warps /= k->time_ns;
    for (int i = 0; i < t->n_stalls; i++) {
        if (!(stalled[i] >= 0))
            continue;
        all += stalled[i];
        if (stalled[i] > most && strcmp(t->stall_name[i], "selected") != 0) {
            most = stalled[i];
            snprintf(k->stall, sizeof(k->stall), "%s", t->stall_name[i]);
        }
    }
    k->stall_percent = 100 * most / all;
}

static int longest_first(const void *a, const void *b)
{
    const struct profile_kernel *x = a, *y = b;

    return (x->time_ns < y->time_ns) - (x->time_ns > y->time_ns);
}

int profile_kernels_read(char *text, struct profile_kernels *out, struct err *e)
{
    static struct table t;
    char *at = text;
    bool found = false;

    *out = (struct profile_kernels){ 0 };
    t = (struct table){ 0 };
    while (*at) {
        int n = split(&at, t.field);

        if (found) {
            add_launch(&t, n, out);
        } else if (n > 0 && strcmp(t.field[0], "ID") == 0) {
            read_heads(&t, n);
            found = t.column[NAME] >= 0 && t.column[TIME] >= 0;
        }
    }
    if (!found)
        return ERR(e, ERR_FORMAT, "ncu printed no table with \"%s\" and %s", heads[NAME],
                   heads[TIME]);
    for (int i = 0; i < out->n; i++)
        finish(&t, t.stalled[i], &out->kernel[i]);
    qsort(out->kernel, (size_t)out->n, sizeof(out->kernel[0]), longest_first);
    return 0;
}

/* value;unit;event;... */
static bool read_count(char *line, struct profile_count *c)
{
    char *field[3] = { line, NULL, NULL };

    for (int i = 1; i < 3; i++) {
        char *end = strchr(field[i - 1], ';');

        if (!end)
            return false;
        *end = '\0';
        field[i] = end + 1;
    }
    field[2][strcspn(field[2], ";:")] = '\0'; /* ":u" says that the kernel is left out */
    c->value = number(field[0]);
    snprintf(c->unit, sizeof(c->unit), "%.7s", field[1]);
    snprintf(c->event, sizeof(c->event), "%.31s", field[2]);
    return field[2][0] != '\0';
}

int profile_counts_read(char *text, struct profile_count out[PROFILE_COUNTS_MAX], struct err *e)
{
    char *save = NULL;
    int n = 0;

    for (char *line = strtok_r(text, "\n", &save); line && n < PROFILE_COUNTS_MAX;
         line = strtok_r(NULL, "\n", &save))
        if (line[0] != '#' && read_count(line, &out[n]))
            n++;
    return n ? n : ERR(e, ERR_FORMAT, "perf printed no counts");
}
