/* history_get.c - a run comes out of the history as it went in. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "store/history.h"
#include "store/history_db.h"
#include "store/history_pack.h"
#include "store/history_row.h"
#include "store/run_file.h"
#include "store/run_json.h"
#include "store/text_buffer.h"
#include "json/jsonio.h"

/* A run on its way out. */
struct getting {
    struct db *db;
    int64_t seq;
    char *frame, *original; /* owned; original NULL: the layout is ours */
    size_t original_n;
    json_t *json; /* the frame's document; owned */
    char *body;   /* the rows' texts, a NUL behind each; owned */
    char **rows;  /* n_rows places in body; owned */
    int n_rows;
    char *block; /* the last one read; owned */
};

static void getting_release(struct getting *g)
{
    mem_free(g->rows);
    mem_free(g->body);
    mem_free(g->frame);
    mem_free(g->original);
    mem_free(g->block);
    json_decref(g->json);
}

static int damaged(const struct getting *g, const char *what, struct err *e)
{
    return ERR(e, ERR_FORMAT, "the history is damaged: run %" PRId64 " has no good %s", g->seq,
               what);
}

static int take_frame(void *self, const struct db_value *column, int n, struct err *e)
{
    struct getting *g = self;
    size_t frame_n;
    int64_t rows = db_get_int(&column[2]);
    int rc = 0;

    (void)n;
    TRY(history_unpack(column[0].p, column[0].n, RUN_FILE_BYTES_MAX, &g->frame, &frame_n, e));
    if (column[1].kind == DB_BLOB)
        TRY(history_unpack(column[1].p, column[1].n, RUN_FILE_BYTES_MAX, &g->original,
                           &g->original_n, e));
    if (rows < 0 || rows > RUN_JSON_ROWS_MAX)
        return damaged(g, "number of rows", e);
    g->n_rows = (int)rows;
    g->rows = mem_calloc((size_t)rows, sizeof(*g->rows));
    if (!g->rows)
        rc = ERR(e, ERR_NOMEM, "no memory for %" PRId64 " rows", rows);
out:
    return rc;
}

/* Each row ends with a newline. */
static int take_rows(void *self, const struct db_value *column, int n, struct err *e)
{
    struct getting *g = self;
    size_t length;
    char *at;
    int rc = 0;

    (void)n;
    if (g->body)
        return damaged(g, "rows", e);
    TRY(history_unpack(column[0].p, column[0].n, RUN_FILE_BYTES_MAX, &g->body, &length, e));
    at = g->body;
    for (int i = 0; i < g->n_rows; i++) {
        char *end = memchr(at, '\n', length - (size_t)(at - g->body));

        if (!end)
            return damaged(g, "rows", e);
        *end = '\0';
        g->rows[i] = at;
        at = end + 1;
    }
    if (at != g->body + length)
        rc = damaged(g, "rows", e);
out:
    return rc;
}

static int take_block(void *self, const struct db_value *column, int n, struct err *e)
{
    struct getting *g = self;
    size_t ignored;

    (void)n;
    mem_free(g->block);
    g->block = NULL;
    return history_unpack(column[0].p, column[0].n, RUN_FILE_BYTES_MAX, &g->block, &ignored, e);
}

/* [["cpu", 12], ...] -> {"cpu":{...},...} */
static int print_members(struct getting *g, const char *name, FILE *f, struct err *e)
{
    const json_t *list = json_object_get(g->json, name), *pair;
    size_t i;
    int rc = 0;

    fputc('{', f);
    json_array_foreach(list, i, pair)
    {
        const json_t *key = json_array_get(pair, 0);
        const struct db_value id = db_int(json_integer_value(json_array_get(pair, 1)));
        const struct db_rows rows = { .row = take_block, .self = g };

        if (!json_is_string(key))
            return damaged(g, name, e);
        mem_free(g->block);
        g->block = NULL;
        TRY(g->db->ops->exec(g->db, "SELECT body FROM block WHERE id = $1", &id, 1, &rows, e));
        if (!g->block)
            return damaged(g, name, e);
        fputs(i ? "," : "", f);
        if (json_dumpf(key, f, JSON_ENCODE_ANY) != 0)
            return ERR(e, ERR_NOMEM, "no memory to read a run");
        fprintf(f, ":%s", g->block);
    }
    fputc('}', f);
out:
    return rc;
}

static int print_part(const void *self, enum run_json_part part, int index, FILE *f, struct err *e)
{
    struct getting *g = (struct getting *)(uintptr_t)self; /* it keeps the block that is printed */
    const json_t *piece;

    switch (part) {
    case RUN_JSON_MACHINE: return print_members(g, "machine", f, e);
    case RUN_JSON_BUILD: return print_members(g, "build", f, e);
    case RUN_JSON_ROW: fputs(g->rows[index], f); return 0;
    case RUN_JSON_HEAD: piece = json_object_get(g->json, "run"); break;
    case RUN_JSON_CEILING:
    default: piece = json_array_get(json_object_get(g->json, "ceilings"), (size_t)index); break;
    }
    if (!piece)
        return damaged(g, "head", e);
    return json_dumpf(piece, f, JSON_COMPACT) == 0 ? 0
                                                   : ERR(e, ERR_NOMEM, "no memory to read a run");
}

static int compose(struct getting *g, struct text_buffer *b, struct err *e)
{
    const struct db_value seq = db_int(g->seq);
    const struct db_rows rows = { .row = take_rows, .self = g };
    int ceilings, rc = 0;

    TRY(jsonio_parse(g->frame, strlen(g->frame), "a run's frame", &g->json, e));
    ceilings = (int)json_array_size(json_object_get(g->json, "ceilings"));
    TRY(g->db->ops->exec(g->db, "SELECT body FROM document WHERE run = $1", &seq, 1, &rows, e));
    if (!g->body)
        return damaged(g, "rows", e);
    TRY(text_buffer_open(b, e));
    TRY(run_json_layout(b->f, ceilings, g->n_rows, print_part, g, e));
    TRY(text_buffer_close(b, e));
out:
    return rc;
}

int history_text(struct history *h, int64_t seq, char **text, size_t *n, struct err *e)
{
    struct getting g = { .db = h->db, .seq = seq };
    const struct db_value params[] = { db_int(seq) };
    const struct db_rows rows = { .row = take_frame, .self = &g };
    struct text_buffer b = { 0 };
    int rc = 0;

    *text = NULL;
    *n = 0;
    TRY(h->db->ops->exec(h->db, "SELECT frame, original, n_rows FROM run WHERE seq = $1", params, 1,
                         &rows, e));
    if (!g.frame) {
        rc = ERR(e, ERR_FORMAT, "the history has no run %" PRId64, seq);
    } else if (g.original) {
        *text = g.original;
        *n = g.original_n;
        g.original = NULL;
    } else {
        TRY(compose(&g, &b, e));
        *text = b.text;
        *n = b.n;
        b.text = NULL;
    }
out:
    text_buffer_release(&b);
    getting_release(&g);
    return rc;
}

int history_read(struct history *h, int64_t seq, struct run_record *out, struct err *e)
{
    char *text;
    size_t n;
    int rc;

    *out = (struct run_record){ 0 };
    rc = history_text(h, seq, &text, &n, e);
    if (rc < 0)
        return rc;
    rc = run_json_parse(text, n, out, e);
    mem_free(text);
    return rc;
}

struct finding {
    struct history_run *out;
    int cap, n;
};

static int take_run(void *self, const struct db_value *column, int n, struct err *e)
{
    struct finding *f = self;

    (void)n;
    (void)e;
    if (f->n < f->cap)
        history_row_run(column, &f->out[f->n++]);
    return 0;
}

/* What begins with a word lies between the word and the word with a letter after all others. */
int history_find(struct history *h, const char *word, struct history_run *out, int cap, int *n,
                 struct err *e)
{
    struct finding f = { .out = out, .cap = cap };
    const struct db_rows rows = { .row = take_run, .self = &f };
    char after[64];
    int rc;

    *n = 0;
    if (snprintf(after, sizeof(after), "%s~", word) >= (int)sizeof(after))
        return 0;
    const struct db_value params[] = { db_text(word), db_text(after), db_int(cap) };
    rc = h->db->ops->exec(h->db,
                          "SELECT " HISTORY_ROW_RUN " FROM run WHERE id >= $1 AND id < $2 "
                          "ORDER BY id LIMIT $3",
                          params, 3, &rows, e);
    *n = f.n;
    return rc;
}
