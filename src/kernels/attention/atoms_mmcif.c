/* atoms_mmcif.c - mmCIF files: words, of which those behind "loop_" and its names are the rows of a
 * table.  Only _atom_site is looked at. */
#include <string.h>

#include "kernels/attention/atoms_file.h"

struct word {
    const char *p;
    size_t n;
    bool quoted;
    int line;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blank(struct atoms_text *t)
{
    for (; t->p < t->end; t->p++) {
        if (*t->p == '#')
            t->p += strcspn(t->p, "\n");
        if (!is_blank(*t->p))
            break;
        t->line += *t->p == '\n';
    }
}

/* Lines from one that begins with a semicolon to the next that does. */
static int next_text(struct atoms_text *t, struct word *w, struct err *e)
{
    const char *end = strstr(t->p, "\n;");

    if (!end)
        return ERR(e, ERR_FORMAT, "%s:%d: the text that begins here has no end (;)", t->name,
                   t->line);
    *w = (struct word){ t->p + 1, (size_t)(end - t->p) - 1, true, t->line };
    for (; t->p < end + 2; t->p++)
        t->line += *t->p == '\n';
    return 0;
}

/* At the end a word without a place: p is NULL. */
static int next_word(struct atoms_text *t, struct word *w, struct err *e)
{
    const char *p;

    skip_blank(t);
    *w = (struct word){ .line = t->line };
    if (t->p >= t->end)
        return 0;
    if (*t->p == ';' && (t->p == t->begin || t->p[-1] == '\n'))
        return next_text(t, w, e);
    *w = (struct word){ t->p, 0, *t->p == '\'' || *t->p == '"', t->line };
    if (w->quoted) {
        /* The quote that a blank follows ends it. */
        for (p = t->p + 1; *p && *p != '\n' && !(*p == *t->p && (!p[1] || is_blank(p[1]))); p++)
            continue;
        if (*p != *t->p)
            return ERR(e, ERR_FORMAT, "%s:%d: a quote that is not closed in its line", t->name,
                       t->line);
        w->p++;
        w->n = (size_t)(p - w->p);
        t->p = p + 1;
        return 0;
    }
    while (t->p < t->end && !is_blank(*t->p))
        t->p++;
    w->n = (size_t)(t->p - w->p);
    return 0;
}

static bool word_is(const struct word *w, const char *text)
{
    return w->n == strlen(text) && memcmp(w->p, text, w->n) == 0;
}

static bool word_begins(const struct word *w, const char *text)
{
    return !w->quoted && w->n >= strlen(text) && memcmp(w->p, text, strlen(text)) == 0;
}

static bool is_keyword(const struct word *w)
{
    return word_begins(w, "_") || word_begins(w, "loop_") || word_begins(w, "data_") ||
           word_begins(w, "save_");
}

/* Which columns of the table say what. */
enum { COLUMN_X, COLUMN_Y, COLUMN_Z, COLUMN_ALTERNATIVE, COLUMN_MODEL, COLUMNS };
static const char *const column_names[COLUMNS] = { "_atom_site.Cartn_x", "_atom_site.Cartn_y",
                                                   "_atom_site.Cartn_z", "_atom_site.label_alt_id",
                                                   "_atom_site.pdbx_PDB_model_num" };

struct table {
    int columns, at[COLUMNS]; /* -1: not there */
    struct word model;        /* of the first row */
    bool begun;
};

static int add_row(struct atoms *a, struct table *table, const struct word row[COLUMNS],
                   const struct atoms_text *t, struct err *e)
{
    const struct word *other = &row[COLUMN_ALTERNATIVE], *model = &row[COLUMN_MODEL];
    struct atom x;

    if (!table->begun)
        table->model = *model;
    table->begun = true;
    if (table->at[COLUMN_MODEL] >= 0 &&
        (model->n != table->model.n || memcmp(model->p, table->model.p, model->n) != 0))
        return 0;
    if (table->at[COLUMN_ALTERNATIVE] >= 0 && !word_is(other, ".") && !word_is(other, "?") &&
        !word_is(other, "A") && !word_is(other, "1"))
        return 0;
    for (int d = 0; d < 3; d++)
        if (!atoms_coordinate(row[d].p, row[d].n, true, &x.at[d]))
            return ERR(e, ERR_FORMAT, "%s:%d: %s is \"%.*s\", expected a number", t->name,
                       row[d].line, column_names[d], row[d].n < 24 ? (int)row[d].n : 24, row[d].p);
    return atoms_add(a, x, e);
}

/* The rows of the table; *w is the first word of them and then the first behind. */
static int read_rows(struct atoms *a, struct table *table, struct atoms_text *t, struct word *w,
                     struct err *e)
{
    int rc = 0, column = 0, line = w->line;
    struct word row[COLUMNS];

    memset(row, 0, sizeof(row));
    while (w->p && !is_keyword(w)) {
        for (int c = 0; c < COLUMNS; c++)
            if (table->at[c] == column)
                row[c] = *w;
        if (column == 0)
            line = w->line;
        if (++column == table->columns) {
            TRY(add_row(a, table, row, t, e));
            column = 0;
        }
        TRY(next_word(t, w, e));
    }
    if (column > 0)
        return ERR(e, ERR_FORMAT, "%s:%d: a row of %d values, expected %d", t->name, line, column,
                   table->columns);
out:
    return rc;
}

/* The names of a loop's columns; *w is the first of them and then the first word behind. */
static int read_names(struct table *table, struct atoms_text *t, struct word *w, struct err *e)
{
    int rc = 0;

    *table = (struct table){ 0 };
    for (int c = 0; c < COLUMNS; c++)
        table->at[c] = -1;
    while (w->p && word_begins(w, "_")) {
        for (int c = 0; c < COLUMNS; c++)
            if (word_is(w, column_names[c]))
                table->at[c] = table->columns;
        table->columns++;
        TRY(next_word(t, w, e));
    }
out:
    return rc;
}

static int need_columns(const struct table *table, const struct atoms_text *t, int line,
                        struct err *e)
{
    for (int d = 0; d < 3; d++)
        if (table->at[d] < 0)
            return ERR(e, ERR_FORMAT, "%s:%d: the loop of _atom_site has no %s", t->name, line,
                       column_names[d]);
    return 0;
}

int atoms_parse_mmcif(struct atoms *a, struct atoms_text *t, struct err *e)
{
    struct table table;
    struct word w;
    bool found = false;
    int rc = 0;

    TRY(next_word(t, &w, e));
    while (w.p && !found) {
        const bool loop = word_begins(&w, "loop_");
        const int line = w.line;

        TRY(next_word(t, &w, e));
        found = loop && w.p && word_begins(&w, "_atom_site.");
        if (!loop)
            continue;
        TRY(read_names(&table, t, &w, e));
        if (found)
            TRY(need_columns(&table, t, line, e));
    }
    if (found)
        TRY(read_rows(a, &table, t, &w, e));
out:
    return rc;
}
