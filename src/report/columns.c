/* columns.c - a table on a terminal. */
#include "report/columns.h"

#include "report/textline.h"

enum { LABEL, LABEL_MIN = 8 };

static void widen(int *width, const char *text)
{
    int n = (int)textline_width(text);

    if (*width < n)
        *width = n;
}

void columns_widen(struct columns *c, const struct columns_row *r)
{
    for (int k = 0; k < c->n; k++)
        widen(&c->width[k], r->cell[k]);
}

/* By how much the table is too wide. */
static int excess(const struct columns *c)
{
    int sum = COLUMNS_INDENT;

    for (int k = 0; k < c->n; k++)
        if (c->width[k])
            sum += c->width[k] + c->column[k].gap;
    return sum - style_columns(c->style);
}

void columns_fit(struct columns *c)
{
    for (int k = 0; k < c->n; k++)
        if (c->width[k])
            widen(&c->width[k], c->column[k].head);
    for (int i = 0; i < c->n_optional; i++) {
        int over = excess(c), k = c->optional[i];

        if (over <= 0)
            return;
        if (k != LABEL)
            c->width[k] = 0;
        else if (c->width[k] > LABEL_MIN)
            c->width[k] = c->width[k] - over > LABEL_MIN ? c->width[k] - over : LABEL_MIN;
    }
}

/* Nothing is printed behind the last cell that holds something. */
static void print_cells(FILE *f, const struct columns *c, const char *const cell[COLUMNS_MAX])
{
    int last = c->n - 1, pad = COLUMNS_INDENT;

    while (last > 0 && (!c->width[last] || !cell[last][0]))
        last--;
    for (int k = 0; k <= last; k++) {
        if (!c->width[k])
            continue;
        fprintf(f, "%*s", pad + c->column[k].gap, "");
        pad = 0;
        if (c->column[k].right)
            textline_right(f, cell[k], c->width[k]);
        else
            textline_left(f, cell[k], k < last ? c->width[k] : 0);
    }
    fputc('\n', f);
}

void columns_heads(FILE *f, const struct columns *c)
{
    const char *cell[COLUMNS_MAX];

    for (int k = 0; k < c->n; k++)
        cell[k] = c->column[k].head;
    style_paint(f, c->style, STYLE_DIM);
    print_cells(f, c, cell);
    style_paint(f, c->style, STYLE_PLAIN);
}

/* The label for the line of the figures: "" where it has had one of its own. */
static const char *own_line(FILE *f, const struct columns *c, const char *label)
{
    if ((int)textline_width(label) <= c->width[LABEL])
        return label;
    fprintf(f, "%*s%s\n", COLUMNS_INDENT, "", label);
    return "";
}

void columns_print(FILE *f, const struct columns *c, const struct columns_row *r)
{
    const char *cell[COLUMNS_MAX];

    for (int k = 0; k < c->n; k++)
        cell[k] = r->cell[k];
    cell[LABEL] = own_line(f, c, cell[LABEL]);
    print_cells(f, c, cell);
}

void columns_label(FILE *f, const struct columns *c, const char *label)
{
    label = own_line(f, c, label);
    fprintf(f, "%*s", COLUMNS_INDENT, "");
    textline_left(f, label, c->width[LABEL]);
}

void columns_group(FILE *f, const struct terminal_style *s, const char *name, const char *device,
                   const char *metric, const char *unit)
{
    char text[160], clean[160];

    snprintf(text, sizeof(text), "%s, %s: %s in %s", name, device, metric, unit);
    textline_clean(clean, sizeof(clean), text, s->utf8);
    style_paint(f, s, STYLE_BOLD);
    fputs(clean, f);
    style_paint(f, s, STYLE_PLAIN);
    fputc('\n', f);
}
