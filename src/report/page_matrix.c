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

/* The keys of a row's place; false: the row does not belong there. */
typedef bool (*keys_of)(const struct result *r, char row[KEY], char col[KEY]);

static const char *setting(const struct result *r, const char *axis)
{
    const char *s = row_setting(r, axis);

    return s ? s : "";
}

static bool peer_keys(const struct result *r, char row[KEY], char col[KEY])
{
    if (strcmp(setting(r, "level"), "peer") != 0 || !setting(r, "peer")[0])
        return false;
    snprintf(row, KEY, "%s, %s %s", r->device, setting(r, "op"), setting(r, "size"));
    snprintf(col, KEY, "gpu:%s", setting(r, "peer"));
    return true;
}

static bool host_keys(const struct result *r, char row[KEY], char col[KEY])
{
    if (strcmp(setting(r, "level"), "host") != 0)
        return false;
    snprintf(row, KEY, "%s, %s %s", r->device, setting(r, "memory"), setting(r, "size"));
    snprintf(col, KEY, "%s", setting(r, "op"));
    return true;
}

static bool local_keys(const struct result *r, char row[KEY], char col[KEY])
{
    const char *level = setting(r, "level");

    if (!level[0] || !setting(r, "op")[0] || strcmp(level, "peer") == 0 ||
        strcmp(level, "host") == 0)
        return false;
    snprintf(row, KEY, "%s %s%s%s %s", r->device, level,
             setting(r, "threads")[0] ? ", threads " : "", setting(r, "threads"),
             setting(r, "size"));
    snprintf(col, KEY, "%s", setting(r, "op"));
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

static void gather(struct matrix *m, const struct run_record *rec, keys_of keys,
                   const char *metric_like)
{
    *m = (struct matrix){ 0 };
    if (keys == peer_keys)
        order_peers(m, rec);
    for (int i = 0; i < rec->n_results; i++) {
        const struct result *r = &rec->results[i];
        char row[KEY], col[KEY];
        int at_row, at_col;

        if (strcmp(r->name, "silicon.memory") != 0 || r->status == RESULT_SKIPPED ||
            strcmp(r->unit, metric_like) != 0 || !keys(r, row, col))
            continue;
        at_row = index_of(m->row, &m->n_rows, ROWS_MAX, row);
        at_col = index_of(m->col, &m->n_cols, COLS_MAX, col);
        if (at_row < 0 || at_col < 0)
            continue;
        m->cell[at_row][at_col] = r;
        if (r->status == RESULT_OK)
            m->largest = fmax(m->largest, r->value);
        if (r->status == RESULT_OK)
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
    fprintf(f,
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">"
            "<table class=\"matrix\"><caption>%s, %s</caption><thead><tr><td></td>",
            caption, caption, unit);
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

void page_matrix(FILE *f, const struct report *r)
{
    static const struct {
        keys_of keys;
        const char *caption, *unit, *without;
    } kinds[] = {
        { peer_keys, "GPU to GPU", "GB/s",
          "the run has no rows between GPUs (they need two of them)" },
        { peer_keys, "GPU to GPU, latency", "ns", NULL },
        { host_keys, "Host and GPU", "GB/s", "the run has no rows over the link to a GPU" },
        { host_keys, "Host and GPU, latency", "ns", NULL },
        { local_keys, "Each memory by what is done with it", "GB/s",
          "the run has no rows of silicon.memory" },
        { local_keys, "Latency of a load", "ns", NULL },
    };
    static struct matrix m; /* too large for a stack */

    page_section(f, "matrix", "Transfers",
                 "Bandwidth counts the bytes read and the bytes written. The darker a cell, the "
                 "nearer to the largest of its table. Links of one kind should agree: one that "
                 "stands out has fewer lanes, a longer way, or another load.");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        gather(&m, r->shown, kinds[i].keys, kinds[i].unit);
        if (m.n_rows)
            write_matrix(f, &m, kinds[i].caption, kinds[i].unit,
                         kinds[i].keys == local_keys ? SHADE_LOG : SHADE_LINEAR);
        else if (kinds[i].without)
            page_no_data(f, kinds[i].caption, kinds[i].without);
    }
    page_section_end(f);
}
