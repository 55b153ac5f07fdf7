/* run_json.c - a whole run as the text of a result file, and back. */
#include "store/run_json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "store/ceiling_json.h"
#include "store/facts_json.h"
#include "store/result_json.h"
#include "store/result_parse.h"
#include "json/json_document.h"
#include "json/jsonio.h"

enum { ARG_MAX_TEXT = 1 << 20 };

/* ---- writing ---- */

static json_t *head_json(const struct run_record *r)
{
    json_t *o = json_object(), *argv = json_array();
    bool lost = !argv;

    for (int i = 0; i < r->argc; i++)
        jsonio_append(argv, jsonio_new_text(r->argv[i]), &lost);
    jsonio_put(o, "id", jsonio_new_text(r->id), &lost);
    jsonio_put(o, "start", jsonio_new_text(r->start), &lost);
    jsonio_put(o, "end", jsonio_new_text_or_null(r->end), &lost);
    jsonio_put(o, "argv", argv, &lost);
    jsonio_put(o, "suite", jsonio_new_text(r->suite), &lost);
    jsonio_put(o, "seed", jsonio_new_count(r->seed), &lost);
    jsonio_put(o, "status", json_string(run_status_name(r->status)), &lost);
    return jsonio_done(o, lost);
}

/* The fingerprint follows from the other fields; a file read back keeps the one it had. */
static json_t *machine_json(const struct run_record *r)
{
    json_t *o = facts_json(&r->machine), *unavailable;
    char fingerprint[24];
    bool lost = !o;

    if (o && !facts_get(&r->machine, "fingerprint")) {
        machine_fingerprint(&r->machine, fingerprint);
        /* Last of the fields but before the reasons, where it is when the file is written again. */
        unavailable = json_incref(json_object_get(o, "unavailable"));
        json_object_del(o, "unavailable");
        jsonio_put(o, "fingerprint", json_string(fingerprint), &lost);
        jsonio_put(o, "unavailable", unavailable, &lost);
    }
    return jsonio_done(o, lost);
}

/* A file in memory refuses what it has no room for. */
static int not_written(struct err *e)
{
    return errno == ENOMEM ? ERR(e, ERR_NOMEM, "no memory to write the result")
                           : ERR(e, ERR_IO, "cannot write the result");
}

int run_json_layout(FILE *f, int n_ceilings, int n_rows, run_json_piece piece, const void *self,
                    struct err *e)
{
    int rc = 0;

    fprintf(f, "{\n\"schema\": %d,\n\"run\": ", RECORD_SCHEMA);
    TRY(piece(self, RUN_JSON_HEAD, 0, f, e));
    fputs(",\n\"machine\": ", f);
    TRY(piece(self, RUN_JSON_MACHINE, 0, f, e));
    fputs(",\n\"build\": ", f);
    TRY(piece(self, RUN_JSON_BUILD, 0, f, e));
    fputs(",\n\"ceilings\": [", f);
    for (int i = 0; i < n_ceilings; i++) {
        fputs(i ? ",\n" : "\n", f);
        TRY(piece(self, RUN_JSON_CEILING, i, f, e));
    }
    fputs("],\n\"results\": [", f);
    for (int i = 0; i < n_rows; i++) {
        fputs(i ? ",\n" : "\n", f);
        TRY(piece(self, RUN_JSON_ROW, i, f, e));
    }
    fputs("]\n}\n", f);
    if (ferror(f))
        rc = not_written(e);
out:
    return rc;
}

static json_t *part_json(const struct run_record *r, enum run_json_part part, int index)
{
    switch (part) {
    case RUN_JSON_HEAD: return head_json(r);
    case RUN_JSON_MACHINE: return machine_json(r);
    case RUN_JSON_BUILD: return facts_json(&r->build);
    case RUN_JSON_CEILING: return ceiling_json(&r->ceilings.c[index]);
    case RUN_JSON_ROW:
    default: return result_json(&r->results[index]);
    }
}

static int print_piece(const void *self, enum run_json_part part, int index, FILE *f, struct err *e)
{
    json_t *piece = part_json(self, part, index);
    int rc = 0;

    if (!piece)
        return ERR(e, ERR_NOMEM, "no memory to write the result");
    if (json_dumpf(piece, f, JSON_COMPACT) != 0)
        rc = ferror(f) ? not_written(e) : ERR(e, ERR_NOMEM, "no memory to write the result");
    json_decref(piece);
    return rc;
}

int run_json_print(const struct run_record *r, FILE *f, struct err *e)
{
    jsonio_init();
    if (r->seed > INT64_MAX)
        return ERR(e, ERR_ARG,
                   "seed %" PRIu64 " is above %" PRId64 ", the largest that a result "
                   "file holds",
                   r->seed, INT64_MAX);
    return run_json_layout(f, r->ceilings.n, r->n_results, print_piece, r, e);
}

/* ---- reading ---- */

static void parse_argv(const struct jsonio_in *head, struct run_record *r)
{
    struct jsonio_in list = jsonio_array(head, "argv", RUN_JSON_ARGS_MAX);
    size_t n = json_array_size(list.node);

    if (n == 0)
        return;
    r->argv = mem_calloc(n, sizeof(*r->argv));
    if (!r->argv) {
        jsonio_lost(&list);
        return;
    }
    for (size_t i = 0; i < n && jsonio_ok(head); i++) {
        const json_t *word = json_array_get(list.node, i);

        if (!json_is_string(word) || json_string_length(word) > ARG_MAX_TEXT)
            jsonio_bad(head, "argv", "item %zu is not a word", i);
        else if (!(r->argv[r->argc++] = mem_strdup(json_string_value(word))))
            jsonio_lost(&list);
    }
}

static void parse_head(const struct jsonio_in *in, struct run_record *r)
{
    struct jsonio_in head = jsonio_object(in, "run");
    const char *statuses[3];

    for (int i = 0; i < 3; i++)
        statuses[i] = run_status_name((enum run_status)i);
    jsonio_text(&head, "id", r->id, sizeof(r->id));
    jsonio_text(&head, "start", r->start, sizeof(r->start));
    jsonio_text(&head, "end", r->end, sizeof(r->end));
    parse_argv(&head, r);
    jsonio_text(&head, "suite", r->suite, sizeof(r->suite));
    r->seed = (uint64_t)jsonio_int(&head, "seed", 0, INT64_MAX);
    r->status = (enum run_status)jsonio_word(&head, "status", statuses, 3, -1);
}

static void parse_results(const struct jsonio_in *in, struct run_record *r)
{
    struct jsonio_in list = jsonio_array(in, "results", RUN_JSON_ROWS_MAX);
    size_t n = json_array_size(list.node), cap = 0;

    for (size_t i = 0; i < n && jsonio_ok(in); i++) {
        struct jsonio_in item = jsonio_item(&list, i);

        /* A row's text is longer than its struct, an empty item is not: grow as rows prove real. */
        if (i == cap) {
            struct result *grown = mem_realloc(r->results, cap ? 2 * cap : 8, sizeof(*grown));

            if (!grown) {
                jsonio_lost(&list);
                return;
            }
            cap = cap ? 2 * cap : 8;
            r->results = grown;
        }
        result_parse_in(&item, &r->results[r->n_results]);
        r->n_results++;
    }
}

static void parse_document(json_t *json, void *self, struct err *why)
{
    struct run_record *r = self;
    struct jsonio_in in = jsonio_root(json, NULL, why), machine, build;
    int64_t schema;

    if (!json_object_get(json, "schema")) { /* also of what is not an object */
        jsonio_bad(&in, NULL,
                   "not a result file of headroom; headroom import reads those of other tools");
        return;
    }
    schema = jsonio_int(&in, "schema", 0, INT64_MAX);
    if (jsonio_ok(&in) && schema != RECORD_SCHEMA)
        jsonio_bad(&in, "schema", "%" PRId64 "; this program reads %d", schema, RECORD_SCHEMA);
    parse_head(&in, r);
    machine = jsonio_object(&in, "machine");
    facts_json_parse(&machine, &r->machine);
    build = jsonio_object(&in, "build");
    facts_json_parse(&build, &r->build);
    ceiling_json_parse(&in, &r->ceilings);
    parse_results(&in, r);
}

int run_json_parse(const char *text, size_t n, struct run_record *out, struct err *e)
{
    static const struct json_document document = { .what = "result file", .read = parse_document };
    int rc;

    *out = (struct run_record){ 0 };
    rc = json_document_parse(&document, text, n, out, e);
    if (rc < 0)
        run_record_release(out);
    return rc;
}
