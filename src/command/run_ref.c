/* run_ref.c - what a user calls a stored run, resolved to the run itself. */
#include "command/run_ref.h"

#include <string.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/axis.h"
#include "core/mem.h"
#include "store/run_file.h"
#include "store/run_json.h"

/* ---- the history ---- */

struct run_refs run_refs_init(const struct cli_args *a, const struct cli_env *env)
{
    return (struct run_refs){ .store = cli_value(a, "store"), .data_dir = env->data_dir };
}

void run_refs_close(struct run_refs *refs)
{
    history_close(refs->history);
    *refs = (struct run_refs){ 0 };
}

int run_refs_where(struct run_refs *refs, const char **where, struct err *e)
{
    *where = refs->store;
    if (refs->store)
        return refs->store[0] ? 0 : ERR(e, ERR_ARG, "--store: the name of the history is empty");
    if (!refs->data_dir[0])
        return ERR(e, ERR_ARG,
                   "there is no place for the history: neither XDG_DATA_HOME nor HOME is set; "
                   "--store says where it is");
    snprintf(refs->path, sizeof(refs->path), "%s/history.db", refs->data_dir);
    *where = refs->path;
    return 0;
}

int run_refs_history(struct run_refs *refs, enum history_mode mode, struct history **h,
                     struct err *e)
{
    const char *where;
    int rc = 0;

    *h = NULL;
    TRY(run_refs_where(refs, &where, e));
    if (refs->history && refs->mode < mode) {
        history_close(refs->history);
        refs->history = NULL;
    }
    if (!refs->history && (mode == HISTORY_WRITE || history_exists(where))) {
        TRY(history_open(&refs->history, where, mode, e));
        refs->mode = mode;
    }
    *h = refs->history;
out:
    return rc;
}

/* ---- finding ---- */

static bool looks_like_file(const char *word)
{
    size_t n = strlen(word);

    return strchr(word, '/') || (n > 5 && strcmp(word + n - 5, ".json") == 0);
}

/* The end of a long path says more than its beginning. */
static int found_file(const char *path, struct run_place *out)
{
    size_t n = strlen(path);

    out->kind = RUN_REF_FILE;
    out->path = path;
    snprintf(out->label, sizeof(out->label), "%s", n > 150 ? path + n - 150 : path);
    return 0;
}

static int found_run(const struct history_run *run, struct run_place *out)
{
    out->kind = RUN_REF_STORED;
    out->run = *run;
    snprintf(out->label, sizeof(out->label), "run %s", run->id);
    return 0;
}

static int found_baseline(const struct history_baseline *b, struct run_place *out)
{
    out->kind = RUN_REF_BASELINE;
    out->run = b->run;
    snprintf(out->label, sizeof(out->label), "baseline %s", b->name);
    return 0;
}

static int find_latest(struct history *h, struct run_place *out, struct err *e)
{
    const struct history_filter last = { .last = 1 };
    struct history_view v = { 0 };
    int rc = 0;

    if (h)
        TRY(history_runs(h, &last, &v, e));
    if (v.n_runs == 0)
        rc = ERR(e, ERR_ARG, "latest: the history holds no run yet");
    else
        found_run(&v.runs[0], out);
out:
    history_view_release(&v);
    return rc;
}

/* A baseline whose name is nearly this word, or "". */
static void near_baseline(struct history *h, const char *word, char near[BASELINE_NAME])
{
    struct history_baseline *list = NULL;
    const char *names[64];
    size_t n = 0, k = 0;

    near[0] = '\0';
    if (h && history_baseline_list(h, &list, &n, NULL) == 0)
        for (; k < n && k < 63; k++)
            names[k] = list[k].name;
    names[k] = NULL;
    if (nearest_name(word, names))
        snprintf(near, BASELINE_NAME, "%s", nearest_name(word, names));
    mem_free(list);
}

/* Nothing has this name: say what comes near. */
static int nothing_found(struct history *h, const char *word, struct err *e)
{
    const struct history_filter last = { .last = 3 };
    struct history_view v = { 0 };
    char near[160] = "", baseline[BASELINE_NAME];

    near_baseline(h, word, baseline);
    if (baseline[0])
        return ERR(e, ERR_ARG,
                   "no file, baseline or run is called \"%.60s\"; did you mean baseline %s?", word,
                   baseline);
    if (!h || history_runs(h, &last, &v, NULL) < 0 || v.n_runs == 0)
        return ERR(e, ERR_ARG, "no file, baseline or run is called \"%.60s\"", word);
    for (size_t i = v.n_runs; i-- > 0;) {
        size_t n = strlen(near);

        snprintf(near + n, sizeof(near) - n, "%s%s", n ? ", " : "", v.runs[i].id);
    }
    history_view_release(&v);
    return ERR(e, ERR_ARG, "no file, baseline or run is called \"%.60s\"; the latest runs are %s",
               word, near);
}

static int several_found(const char *word, const struct history_run *run, int n, struct err *e)
{
    return ERR(e, ERR_ARG, "%s runs begin with \"%.40s\": %s, %s%s", n > 2 ? "several" : "two",
               word, run[0].id, run[1].id, n > 2 ? ", ..." : "");
}

static int find_stored(struct history *h, const char *word, struct run_place *out, struct err *e)
{
    struct history_baseline baseline;
    struct history_run run[3];
    bool found = false;
    int n = 0, rc = 0;

    if (h)
        TRY(history_baseline_get(h, word, &baseline, &found, e));
    if (found)
        return found_baseline(&baseline, out);
    if (h)
        TRY(history_find(h, word, run, 3, &n, e));
    if (n == 1 || (n > 1 && strcmp(run[0].id, word) == 0))
        return found_run(&run[0], out);
    if (n > 1)
        return several_found(word, run, n, e);
    if (access(word, F_OK) == 0)
        return found_file(word, out);
    rc = nothing_found(h, word, e);
out:
    return rc;
}

int run_ref_find(struct run_refs *refs, const char *word, struct run_place *out, struct err *e)
{
    struct history *h;
    int rc = 0;

    *out = (struct run_place){ 0 };
    if (!word[0])
        return ERR(e, ERR_ARG, "the name of a run is empty");
    if (looks_like_file(word))
        return found_file(word, out);
    TRY(run_refs_history(refs, HISTORY_READ, &h, e));
    rc = strcmp(word, "latest") == 0 ? find_latest(h, out, e) : find_stored(h, word, out, e);
out:
    return rc;
}

/* ---- reading ---- */

int run_ref_text(struct run_refs *refs, const struct run_place *place, char **text, size_t *n,
                 struct err *e)
{
    if (place->kind == RUN_REF_FILE)
        return atomic_file_read(place->path, RUN_FILE_BYTES_MAX, text, n, e);
    return history_text(refs->history, place->run.seq, text, n, e);
}

int run_ref_resolve(struct run_refs *refs, const char *word, struct run_ref *out, struct err *e)
{
    struct run_place place;
    int rc = 0;

    *out = (struct run_ref){ 0 };
    TRY(run_ref_find(refs, word, &place, e));
    out->kind = place.kind;
    snprintf(out->label, sizeof(out->label), "%s", place.label);
    if (place.kind == RUN_REF_FILE)
        TRY(run_file_read(place.path, &out->record, e));
    else
        TRY(history_read(refs->history, place.run.seq, &out->record, e));
out:
    if (rc < 0)
        run_ref_release(out);
    return rc;
}

void run_ref_release(struct run_ref *ref)
{
    run_record_release(&ref->record);
    *ref = (struct run_ref){ 0 };
}
