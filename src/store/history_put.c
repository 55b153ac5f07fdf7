/* history_put.c - a run goes into the history, whole or not at all. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "store/history.h"
#include "store/history_db.h"
#include "store/history_pack.h"
#include "store/run_json.h"
#include "store/text_buffer.h"
#include "json/jsonio.h"

/* A run on its way in. */
struct putting {
    struct db *db;
    const char *text; /* as given; n bytes */
    size_t n;
    json_t *json;             /* the text's document; owned */
    struct run_record record; /* the same as a record; owned */
    struct history_run run;   /* what is known of it */
};

/* ---- what belongs to a run ---- */

static void machine_name(const struct facts *machine, char *out, size_t cap)
{
    int gpus = 0;
    char key[40];
    const char *model = NULL;
    int n = snprintf(out, cap, "%s", facts_get_text(machine, "cpu.model", "unknown CPU"));

    for (;; gpus++) {
        snprintf(key, sizeof(key), "gpus.%d.model", gpus);
        if (!facts_get(machine, key))
            break;
        model = facts_get_text(machine, key, model);
    }
    if (gpus && n < (int)cap)
        snprintf(out + n, cap - (size_t)n, ", %d x %s", gpus, model ? model : "unknown GPU");
}

static void describe(struct putting *p)
{
    const struct run_record *r = &p->record;
    struct history_run *run = &p->run;
    char fingerprint[24];

    *run = (struct history_run){ .status = r->status, .n_rows = r->n_results };
    snprintf(run->id, sizeof(run->id), "%s", r->id);
    snprintf(run->start, sizeof(run->start), "%s", r->start);
    snprintf(run->end, sizeof(run->end), "%s", r->end);
    snprintf(run->suite, sizeof(run->suite), "%s", r->suite);
    /* A file's own fingerprint is that of the program which measured; it stays what it was. */
    machine_fingerprint(&r->machine, fingerprint);
    snprintf(run->machine, sizeof(run->machine), "%s",
             facts_get_text(&r->machine, "fingerprint", fingerprint));
    machine_name(&r->machine, run->machine_name, sizeof(run->machine_name));
    snprintf(run->commit, sizeof(run->commit), "%s", facts_get_text(&r->build, "git.commit", ""));
    for (int i = 0; i < r->n_results; i++)
        run->n_ok += r->results[i].status == RESULT_OK;
}

/* ---- blocks ---- */

struct block_search {
    const char *text; /* that is looked for; n bytes */
    size_t n;
    int64_t id; /* 0: not found */
};

static int same_block(void *self, const struct db_value *column, int n, struct err *e)
{
    struct block_search *b = self;
    char *text;
    size_t length;
    int rc;

    (void)n;
    rc = history_unpack(column[1].p, column[1].n, SIZE_MAX >> 1, &text, &length, e);
    if (rc < 0)
        return rc;
    if (length == b->n && memcmp(text, b->text, length) == 0)
        b->id = db_get_int(&column[0]);
    mem_free(text);
    return 0;
}

/* FNV-1a, 64 bit (Fowler, Noll, Vo): finds candidates, the texts decide. */
static int64_t hash_of(const char *text, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < n; i++) {
        h ^= (unsigned char)text[i];
        h *= UINT64_C(1099511628211);
    }
    return (int64_t)h;
}

static int take_id(void *self, const struct db_value *column, int n, struct err *e)
{
    (void)n;
    (void)e;
    *(int64_t *)self = db_get_int(&column[0]);
    return 0;
}

/* Run a statement that gives one number. */
static int ask_id(struct db *db, const char *sql, const struct db_value *params, int n, int64_t *id,
                  struct err *e)
{
    const struct db_rows rows = { .row = take_id, .self = id };

    *id = 0;
    return db->ops->exec(db, sql, params, n, &rows, e);
}

/* The block that holds this text, made if there is none. */
static int put_block(struct db *db, const char *text, size_t n, int64_t *id, struct err *e)
{
    struct block_search found = { .text = text, .n = n };
    const struct db_rows rows = { .row = same_block, .self = &found };
    struct db_value params[2] = { db_int(hash_of(text, n)) };
    void *packed = NULL;
    size_t packed_n;
    int rc = 0;

    TRY(db->ops->exec(db, "SELECT id, body FROM block WHERE hash = $1", params, 1, &rows, e));
    *id = found.id;
    if (*id)
        goto out;
    TRY(history_pack(text, n, &packed, &packed_n, e));
    params[1] = db_blob(packed, packed_n);
    TRY(ask_id(db, "INSERT INTO block (hash, body) VALUES ($1, $2) RETURNING id", params, 2, id,
               e));
out:
    mem_free(packed);
    return rc;
}

/* An object's members become blocks: {"cpu": {...}} gives [["cpu", 12]]. */
static int put_members(struct db *db, const json_t *object, json_t **out, struct err *e)
{
    json_t *list = json_array();
    bool lost = !list;
    int rc = 0;

    /* Iterating does not change the object; Jansson's iterators only lack the const. */
    json_t *o = (json_t *)(uintptr_t)object;
    for (void *at = json_object_iter(o); at && !lost; at = json_object_iter_next(o, at)) {
        char *text = jsonio_text_of(json_object_iter_value(at));
        json_t *pair = json_array();
        int64_t id = 0;

        if (!text)
            lost = true;
        else
            rc = put_block(db, text, strlen(text), &id, e);
        mem_free(text);
        jsonio_append(pair, jsonio_new_text(json_object_iter_key(at)), &lost);
        jsonio_append(pair, json_integer(id), &lost);
        jsonio_append(list, pair, &lost);
        if (rc < 0)
            lost = true;
    }
    *out = jsonio_done(list, lost);
    return rc < 0 || *out ? rc : ERR(e, ERR_NOMEM, "no memory to store a run");
}

/* ---- the run ---- */

/* All of the file but its rows, with blocks by their ids. */
static int make_frame(struct putting *p, void **frame, size_t *n, struct err *e)
{
    json_t *o = json_object(), *machine = NULL, *build = NULL;
    bool is_lost = !o;
    char *text = NULL;
    int rc = 0;

    TRY(put_members(p->db, json_object_get(p->json, "machine"), &machine, e));
    TRY(put_members(p->db, json_object_get(p->json, "build"), &build, e));
    jsonio_put(o, "run", json_incref(json_object_get(p->json, "run")), &is_lost);
    jsonio_put(o, "machine", machine, &is_lost);
    jsonio_put(o, "build", build, &is_lost);
    machine = build = NULL;
    jsonio_put(o, "ceilings", json_incref(json_object_get(p->json, "ceilings")), &is_lost);
    text = is_lost ? NULL : jsonio_text_of(o);
    if (!text)
        rc = ERR(e, ERR_NOMEM, "no memory to store a run");
    else
        rc = history_pack(text, strlen(text), frame, n, e);
out:
    json_decref(machine);
    json_decref(build);
    json_decref(o);
    mem_free(text);
    return rc;
}

static const json_t *part_of(const json_t *document, enum run_json_part part, int index)
{
    switch (part) {
    case RUN_JSON_HEAD: return json_object_get(document, "run");
    case RUN_JSON_MACHINE: return json_object_get(document, "machine");
    case RUN_JSON_BUILD: return json_object_get(document, "build");
    case RUN_JSON_CEILING:
        return json_array_get(json_object_get(document, "ceilings"), (size_t)index);
    case RUN_JSON_ROW:
    default: return json_array_get(json_object_get(document, "results"), (size_t)index);
    }
}

static int print_part(const void *self, enum run_json_part part, int index, FILE *f, struct err *e)
{
    return json_dumpf(part_of(self, part, index), f, JSON_COMPACT) == 0
               ? 0
               : ERR(e, ERR_NOMEM, "no memory to store a run");
}

/* Would the pieces give back this very text? */
static int layout_is_ours(const struct putting *p, bool *ours, struct err *e)
{
    struct text_buffer b = { 0 };
    int rc = 0;

    TRY(text_buffer_open(&b, e));
    TRY(run_json_layout(b.f, p->record.ceilings.n, p->record.n_results, print_part, p->json, e));
    TRY(text_buffer_close(&b, e));
    *ours = b.n == p->n && memcmp(b.text, p->text, b.n) == 0;
out:
    text_buffer_release(&b);
    return rc;
}

static int put_run(struct putting *p, struct err *e)
{
    const struct history_run *r = &p->run;
    void *frame = NULL, *original = NULL;
    size_t frame_n = 0, original_n = 0;
    char now[32];
    bool ours;
    int rc = 0;

    TRY(make_frame(p, &frame, &frame_n, e));
    TRY(layout_is_ours(p, &ours, e));
    if (!ours)
        TRY(history_pack(p->text, p->n, &original, &original_n, e));
    clock_utc(now);
    const struct db_value params[] = {
        db_text(r->id),
        db_text(r->start),
        db_text(r->end),
        db_text(r->suite),
        db_text(run_status_name(r->status)),
        db_text(r->machine),
        db_text(r->machine_name),
        db_text(r->commit),
        db_int(r->n_rows),
        db_int(r->n_ok),
        db_text(now),
        db_blob(frame, frame_n),
        db_blob(original, original_n),
    };
    TRY(ask_id(p->db,
               "INSERT INTO run (id, started, ended, suite, status, machine, machine_name, "
               "commit_id, n_rows, n_ok, stored, frame, original) VALUES ($1, $2, $3, $4, $5, $6, "
               "$7, $8, $9, $10, $11, $12, $13) RETURNING seq",
               params, sizeof(params) / sizeof(params[0]), &p->run.seq, e));
out:
    mem_free(frame);
    mem_free(original);
    return rc;
}

/* ---- its rows ---- */

static int put_series(struct putting *p, const struct result *r, int64_t *id, struct err *e)
{
    char settings[400];
    int rc = 0;

    result_settings(r, settings, sizeof(settings));
    const struct db_value params[] = { db_text(p->run.machine),
                                       db_text(r->name),
                                       db_text(settings),
                                       db_text(r->device),
                                       db_text(r->metric),
                                       db_text(r->unit),
                                       db_text(direction_name(r->direction)) };
    TRY(ask_id(p->db,
               "SELECT id FROM series WHERE machine = $1 AND name = $2 AND settings = $3 AND "
               "device = $4 AND metric = $5 AND unit = $6",
               params, 6, id, e));
    if (*id == 0)
        TRY(ask_id(p->db,
                   "INSERT INTO series (machine, name, settings, device, metric, unit, direction) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                   params, 7, id, e));
out:
    return rc;
}

static int put_result(struct putting *p, int i, struct err *e)
{
    const struct result *r = &p->record.results[i];
    int64_t series;
    int rc = 0;

    TRY(put_series(p, r, &series, e));
    const struct db_value params[] = { db_int(p->run.seq),
                                       db_int(i),
                                       db_int(series),
                                       db_text(result_status_name(r->status)),
                                       db_text(result_origin_name(r->origin)),
                                       db_real(r->value),
                                       db_real(r->value_lo),
                                       db_real(r->value_hi),
                                       db_int(r->n_runs),
                                       db_text(r->variant) };
    TRY(p->db->ops->exec(
        p->db,
        "INSERT INTO result (run, place, series, status, origin, value, low, high, processes, "
        "variant) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params, 10, NULL, e));
out:
    return rc;
}

/* Compact JSON holds no newline: each ends a row. */
static int put_document(struct putting *p, struct err *e)
{
    struct text_buffer b = { 0 };
    void *packed = NULL;
    size_t n;
    int rc = 0;

    TRY(text_buffer_open(&b, e));
    for (int i = 0; i < p->record.n_results; i++) {
        TRY(print_part(p->json, RUN_JSON_ROW, i, b.f, e));
        fputc('\n', b.f);
    }
    TRY(text_buffer_close(&b, e));
    TRY(history_pack(b.text, b.n, &packed, &n, e));
    const struct db_value params[] = { db_int(p->run.seq), db_blob(packed, n) };
    TRY(p->db->ops->exec(p->db, "INSERT INTO document (run, body) VALUES ($1, $2)", params, 2, NULL,
                         e));
out:
    text_buffer_release(&b);
    mem_free(packed);
    return rc;
}

/* ---- all of it ---- */

/* Is a run of this id there?  The same text may come again, another may not. */
static int find_known(struct history *h, struct putting *p, bool *known, struct err *e)
{
    const struct db_value id = db_text(p->run.id);
    char *text = NULL;
    size_t n;
    int rc = 0;

    *known = false;
    TRY(ask_id(p->db, "SELECT seq FROM run WHERE id = $1", &id, 1, &p->run.seq, e));
    if (p->run.seq == 0)
        goto out;
    TRY(history_text(h, p->run.seq, &text, &n, e));
    *known = n == p->n && memcmp(text, p->text, n) == 0;
    if (!*known)
        rc =
            ERR(e, ERR_FORMAT, "run %s is in the history already, with another content", p->run.id);
out:
    mem_free(text);
    return rc;
}

static int put_all(struct history *h, struct putting *p, bool *known, struct err *e)
{
    int rc = 0;

    TRY(p->db->ops->begin(p->db, e));
    TRY(find_known(h, p, known, e));
    if (*known) {
        p->db->ops->rollback(p->db);
        return 0;
    }
    TRY(put_run(p, e));
    for (int i = 0; i < p->record.n_results; i++)
        TRY(put_result(p, i, e));
    TRY(put_document(p, e));
    TRY(p->db->ops->commit(p->db, e));
out:
    if (rc < 0)
        p->db->ops->rollback(p->db);
    return rc;
}

int history_put(struct history *h, const char *text, size_t n, struct history_run *out, bool *known,
                struct err *e)
{
    struct putting p = { .db = h->db, .text = text, .n = n };
    int rc = 0;

    *known = false;
    TRY(run_json_parse(text, n, &p.record, e));
    TRY(jsonio_parse(text, n, "result file", &p.json, e));
    describe(&p);
    if (!p.run.id[0] || !p.run.start[0])
        rc = ERR(e, ERR_FORMAT, "a run without id or start cannot be found again");
    else
        rc = put_all(h, &p, known, e);
    *out = p.run;
out:
    json_decref(p.json);
    run_record_release(&p.record);
    return rc;
}
