/* form_print.c - a record in a document's form, as JSON or as a Markdown table of its fields. */
#include "store/forms/form_print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/facts_json.h"

const char form_print_heading[] = "| Metric | Value | Source |";

int form_print_json(const struct form *form, const struct run_record *r, FILE *f, struct err *e)
{
    struct facts facts = { 0 };
    json_t *json = NULL;
    int rc = 0;

    form_facts(form, r, &facts);
    json = facts.lost ? NULL : facts_json(&facts);
    if (!json)
        rc = ERR(e, ERR_NOMEM, "no memory for %s", form->file);
    else if (json_dumpf(json, f, JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0 && !ferror(f))
        rc = ERR(e, ERR_NOMEM, "no memory for %s", form->file);
    else
        fputc('\n', f);
    json_decref(json);
    facts_release(&facts);
    return rc;
}

/* ---- the table ---- */

/* One line, without what would end a cell. */
static void print_cell(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (*text == '|' || *text == '\\')
            fputc('\\', f);
        fputc((unsigned char)*text < ' ' ? ' ' : *text, f);
    }
    fputs(" |", f);
}

static void print_field(FILE *f, const struct facts *facts, const char *path)
{
    const struct fact *of = facts_get(facts, path);
    char key[140], value[64] = "";

    snprintf(key, sizeof(key), "sources.%s", path);
    fprintf(f, "| %s | ", path);
    switch (of->kind) {
    case FACT_BOOL: snprintf(value, sizeof(value), "%s", of->i ? "true" : "false"); break;
    case FACT_INT: snprintf(value, sizeof(value), "%lld", (long long)of->i); break;
    case FACT_REAL: snprintf(value, sizeof(value), "%.17g", of->r); break;
    case FACT_TEXT: break;
    case FACT_NULL:
    default: snprintf(value, sizeof(value), "N/A"); break;
    }
    print_cell(f, value[0] ? value : of->text);
    fputc(' ', f);
    print_cell(f, of->kind == FACT_NULL ? of->text : facts_get_text(facts, key, ""));
    fputc('\n', f);
}

int form_print_table(const struct form *form, const struct run_record *r, FILE *f, struct err *e)
{
    struct facts facts = { 0 };
    int rc = 0;

    form_facts(form, r, &facts);
    if (facts.lost) {
        rc = ERR(e, ERR_NOMEM, "no memory for %s", form->file);
    } else {
        fprintf(f, "%s\n| --- | --- | --- |\n", form_print_heading);
        for (int i = 0; i < form->n; i++)
            print_field(f, &facts, form->fields[i].path);
        fputs("| generator | headroom | |\n\n", f);
        fprintf(f, "%s.\n", form->notes);
    }
    facts_release(&facts);
    return rc;
}

/* ---- reading it ---- */

enum { CELLS = 3, CELL = 600 };

/* The cells of "| a | b | c |", trimmed; how many there were. */
static int split_line(const char *line, size_t n, char cell[CELLS][CELL])
{
    int cells = -1;
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        if (line[i] == '|') {
            if (cells >= 0)
                while (at > 0 && cell[cells][at - 1] == ' ')
                    at--;
            if (cells >= 0)
                cell[cells][at] = '\0';
            cells++;
            at = 0;
            if (cells == CELLS)
                return CELLS;
            continue;
        }
        if (line[i] == '\\' && i + 1 < n)
            i++;
        if (cells < 0 || (at == 0 && line[i] == ' '))
            continue;
        if (at + 1 >= CELL)
            return -1;
        cell[cells][at++] = line[i];
    }
    return cells;
}

static void take_cells(const char *path, const char *value, const char *source, struct facts *out)
{
    char *end;
    double x = strtod(value, &end);

    if (strcmp(value, "N/A") == 0)
        facts_null(out, path, "%s", source);
    else if (*value && *end == '\0' && isfinite(x))
        facts_real(out, path, x);
    else if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        facts_bool(out, path, value[0] == 't');
    else
        facts_text(out, path, value);
}

int form_print_read(const char *text, struct facts *out, struct err *e)
{
    char cell[CELLS][CELL];
    int line = 0;

    for (const char *at = text; *at; line++) {
        size_t n = strcspn(at, "\n");

        if (*at == '|' && line >= 2) {
            if (split_line(at, n, cell) != CELLS || !cell[0][0])
                return ERR(e, ERR_FORMAT, "line %d: three cells were expected", line + 1);
            if (out->n >= FACTS_JSON_MAX)
                return ERR(e, ERR_FORMAT, "more than %d lines", FACTS_JSON_MAX);
            take_cells(cell[0], cell[1], cell[2], out);
        }
        at += n + (at[n] == '\n');
    }
    return out->lost ? ERR(e, ERR_NOMEM, "no memory for the table") : 0;
}
