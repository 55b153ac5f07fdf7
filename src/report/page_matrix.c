/* page_matrix.c - who reaches which memory how fast: GPU to GPU, host to GPU, and each memory by
 * what is done with it. */
#include <math.h>
#include <string.h>

#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"

enum { KEY = 80, ROWS_MAX = 64, COLS_MAX = 24 };

struct matrix {
    char row[ROWS_MAX][KEY], col[COLS_MAX][KEY];
    const struct result *cell[ROWS_MAX][COLS_MAX];
    int n_rows, n_cols;
    double smallest, largest;
};

/* Where a row belongs: a table, and a row and a column of it; false: nowhere. */
struct place {
    char table[KEY], row[KEY], col[KEY];
};
typedef bool (*place_of)(const struct result *r, struct place *p);

static const char *setting(const struct result *r, const char *axis)
{
    const char *s = row_setting(r, axis);

    return s ? s : "";
}

/* One table for each thing done: GPU by GPU. */
static bool peer_place(const struct result *r, struct place *p)
{
    if (strcmp(setting(r, "level"), "peer") != 0 || !setting(r, "peer")[0])
        return false;
    snprintf(p->table, KEY, "GPU to GPU: %s%s%s", setting(r, "op"),
             setting(r, "size")[0] ? " of " : "", setting(r, "size"));
    snprintf(p->row, KEY, "%s", r->device);
    snprintf(p->col, KEY, "gpu:%s", setting(r, "peer"));
    return true;
}

/* Copies, and loads and stores of a GPU in the host's memory. */
static bool host_place(const struct result *r, struct place *p)
{
    const char *op = setting(r, "op");
    bool copy = !setting(r, "level")[0] && (strcmp(op, "h2d") == 0 || strcmp(op, "d2h") == 0 ||
                                            strcmp(op, "bidirectional") == 0);

    if (!copy && strcmp(setting(r, "level"), "host") != 0)
        return false;
    snprintf(p->table, KEY, "Host and GPU");
    snprintf(p->row, KEY, "%s %s %s", r->device, setting(r, "memory"), setting(r, "size"));
    snprintf(p->col, KEY, "%s", op);
    return true;
}

static bool local_place(const struct result *r, struct place *p)
{
    const char *level = setting(r, "level");

    if (!level[0] || !setting(r, "op")[0] || strcmp(level, "peer") == 0 ||
        strcmp(level, "host") == 0)
        return false;
    snprintf(p->table, KEY, "Each memory by what is done with it");
    snprintf(p->row, KEY, "%s %s%s%s %s", r->device, level,
             setting(r, "threads")[0] ? ", threads " : "", setting(r, "threads"),
             setting(r, "size"));
    snprintf(p->col, KEY, "%s", setting(r, "op"));
    return true;
}

static int index_of(char (*keys)[KEY], int *n, int max, const char *key)
{
    for (int i = 0; i < *n; i++)
        if (strcmp(keys[i], key) == 0)
            return i;
    if (*n == max)
        return -1;
    snprintf(keys[*n], KEY, "%s", key);
    return (*n)++;
}

/* Columns in the order of the GPUs' numbers; the first row would begin with its own peers. */
static void order_peers(struct matrix *m, const struct run_record *rec)
{
    for (int p = 0; p < COLS_MAX; p++) {
        char col[KEY];

        snprintf(col, sizeof(col), "gpu:%d", p);
        for (int i = 0; i < rec->n_results; i++) {
            const char *peer = row_setting(&rec->results[i], "peer");

            if (peer && strcmp(peer, col + 4) == 0)
                index_of(m->col, &m->n_cols, COLS_MAX, col);
        }
    }
}

static bool is_of(const struct result *r, const char *unit)
{
    return strcmp(r->name, "silicon.memory") == 0 && r->status != RESULT_SKIPPED &&
           strcmp(r->unit, unit) == 0;
}

static void gather(struct matrix *m, const struct run_record *rec, place_of place,
                   const char *table, const char *unit)
{
    *m = (struct matrix){ 0 };
    if (place == peer_place)
        order_peers(m, rec);
    for (int i = 0; i < rec->n_results; i++) {
        const struct result *r = &rec->results[i];
        struct place p;
        int row, col;

        if (!is_of(r, unit) || !place(r, &p) || strcmp(p.table, table) != 0)
            continue;
        row = index_of(m->row, &m->n_rows, ROWS_MAX, p.row);
        col = index_of(m->col, &m->n_cols, COLS_MAX, p.col);
        if (row < 0 || col < 0)
            continue;
        m->cell[row][col] = r;
        if (r->status != RESULT_OK)
            continue;
        m->largest = fmax(m->largest, r->value);
        m->smallest = m->smallest > 0 ? fmin(m->smallest, r->value) : r->value;
    }
}

/* Caches and memories differ by orders of magnitude, links of one kind should not differ at all. */
enum shade { SHADE_LINEAR, SHADE_LOG };

static double darkness(const struct matrix *m, double v, enum shade how)
{
    if (how == SHADE_LOG && m->largest > m->smallest)
        return log(v / m->smallest) / log(m->largest / m->smallest);
    return v / m->largest;
}

static void write_cell(FILE *f, const struct matrix *m, const struct result *r, enum shade how)
{
    char text[FIGURES_TEXT];

    if (!r) {
        fputs("<td class=\"num empty\">\xE2\x80\x94</td>", f);
        return;
    }
    if (r->status != RESULT_OK) {
        fputs("<td class=\"num alarm\" title=\"", f);
        markup_html(f, r->reason);
        fprintf(f, "\">%s</td>", result_status_name(r->status));
        return;
    }
    figures_number(text, r->value, figures_decimals(r->value), true);
    fprintf(f, "<td class=\"num heat\" style=\"--p:%.0f%%\">%s</td>",
            100 * darkness(m, r->value, how), text);
}

static void write_matrix(FILE *f, const struct matrix *m, const char *caption, const char *unit,
                         enum shade how)
{
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", f);
    markup_html(f, caption);
    fputs("\"><table class=\"matrix\"><caption>", f);
    markup_htmlf(f, "%s, %s", caption, unit);
    fputs("</caption><thead><tr><td></td>", f);
    for (int c = 0; c < m->n_cols; c++) {
        fputs("<th scope=\"col\">", f);
        markup_html(f, m->col[c]);
        fputs("</th>", f);
    }
    fputs("</tr></thead><tbody>\n", f);
    for (int i = 0; i < m->n_rows; i++) {
        fputs("<tr><th scope=\"row\">", f);
        markup_html(f, m->row[i]);
        fputs("</th>", f);
        for (int c = 0; c < m->n_cols; c++)
            write_cell(f, m, m->cell[i][c], how);
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>\n", f);
}

/* Every table of one kind, in the order of its first row; how many. */
static int write_kind(FILE *f, const struct run_record *rec, place_of place, const char *unit)
{
    static struct matrix m; /* too large for a stack */
    int written = 0;

    for (int i = 0; i < rec->n_results; i++) {
        struct place p, q;
        bool seen = !is_of(&rec->results[i], unit) || !place(&rec->results[i], &p);

        for (int j = 0; j < i && !seen; j++)
            seen = is_of(&rec->results[j], unit) && place(&rec->results[j], &q) &&
                   strcmp(p.table, q.table) == 0;
        if (seen)
            continue;
        gather(&m, rec, place, p.table, unit);
        write_matrix(f, &m, p.table, unit, place == local_place ? SHADE_LOG : SHADE_LINEAR);
        written++;
    }
    return written;
}

void page_matrix(FILE *f, const struct report *r)
{
    static const struct {
        place_of place;
        const char *what, *without;
    } kinds[] = {
        { peer_place, "GPU to GPU", "the run has no rows between GPUs (they need two of them)" },
        { host_place, "Host and GPU", "the run has no rows over the link to a GPU" },
        { local_place, "Memories", "the run has no rows of silicon.memory" },
    };

    page_section(f, "matrix", "Transfers",
                 "Bandwidth counts the bytes read and the bytes written. The darker a cell, the "
                 "nearer to the largest of its table. Links of one kind should agree: one that "
                 "stands out has fewer lanes, a longer way, or another load.");
    fputs("<div class=\"tables\">\n", f);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (write_kind(f, r->shown, kinds[i].place, "GB/s") +
                write_kind(f, r->shown, kinds[i].place, "ns") ==
            0)
            page_no_data(f, kinds[i].what, kinds[i].without);
    fputs("</div>\n", f);
    page_section_end(f);
}
