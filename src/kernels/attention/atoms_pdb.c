/* atoms_pdb.c - PDB files (format 3.3): records of fixed columns, a line each. */
#include <string.h>

#include "kernels/attention/atoms_file.h"

enum {
    COLUMN_ALTERNATIVE = 17, /* as the format counts, from 1 */
    COLUMN_X = 31,
    WIDTH = 8,
    COLUMNS = COLUMN_X - 1 + 3 * WIDTH
};

static bool is_record(const char *line, size_t n, const char *name)
{
    return n >= strlen(name) && memcmp(line, name, strlen(name)) == 0;
}

static int parse_atom(struct atoms *a, const char *line, size_t n, const struct atoms_text *t,
                      struct err *e)
{
    struct atom x;
    char alternative;

    if (n < COLUMNS)
        return ERR(e, ERR_FORMAT, "%s:%d: the record ends at column %zu, expected x, y, z in 31-54",
                   t->name, t->line, n);
    alternative = line[COLUMN_ALTERNATIVE - 1];
    if (alternative != ' ' && alternative != 'A' && alternative != '1')
        return 0;
    for (size_t d = 0; d < 3; d++) {
        const size_t column = COLUMN_X + d * WIDTH;

        if (!atoms_coordinate(line + column - 1, WIDTH, false, &x.at[d]))
            return ERR(e, ERR_FORMAT, "%s:%d: \"%.8s\" in columns %zu-%zu, expected the atom's %c",
                       t->name, t->line, line + column - 1, column, column + WIDTH - 1, "xyz"[d]);
    }
    return atoms_add(a, x, e);
}

int atoms_parse_pdb(struct atoms *a, struct atoms_text *t, struct err *e)
{
    int rc = 0;

    for (; t->p < t->end; t->line++) {
        const char *end = memchr(t->p, '\n', (size_t)(t->end - t->p));
        const size_t n = (size_t)((end ? end : t->end) - t->p);

        if (is_record(t->p, n, "ATOM  ") || is_record(t->p, n, "HETATM"))
            TRY(parse_atom(a, t->p, n, t, e));
        if (is_record(t->p, n, "ENDMDL")) /* models are the same atoms again */
            break;
        t->p += n + (end != NULL);
    }
out:
    return rc;
}
