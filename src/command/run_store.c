/* run_store.c - a run goes into the history when it ends; one that cannot is in a file. */
#include "command/run_store.h"

#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"
#include "store/history.h"
#include "store/run_file.h"
#include "store/run_json.h"
#include "store/text_buffer.h"

static int try_open(const char *where, struct err *e)
{
    struct history *h;
    int rc = history_open(&h, where, HISTORY_WRITE, e);

    history_close(rc < 0 ? NULL : h);
    return rc;
}

/* Without --store and without a home, or with one where nothing can be made, a run is what it was
 * before there was a history. */
static void no_home(struct run_store *s, const char *why)
{
    s->where = NULL;
    fprintf(stderr, "headroom: the run will not be in a history: %s\n", why);
}

int run_store_begin(struct run_store *s, const struct run_options *o, const struct cli_env *env,
                    struct err *e)
{
    struct err why = { 0 };
    int rc;

    *s = (struct run_store){ .where = o->store };
    if (o->no_store)
        return 0;
    if (!o->store && !env->data_dir[0])
        return no_home(s, "neither XDG_DATA_HOME nor HOME is set"), 0;
    if (!o->store) {
        snprintf(s->usual, sizeof(s->usual), "%s/history.db", env->data_dir);
        s->where = s->usual;
    }
    rc = try_open(s->where, &why);
    if (rc == 0 || rc == ERR_BUSY)
        return 0;
    if (rc == ERR_IO && !o->store && !history_exists(s->where))
        return no_home(s, why.msg), 0;
    s->where = NULL;
    return ERR(e, rc, "%s (--no-store measures without a history)", why.msg);
}

static int put(const char *where, const struct run_record *r, struct err *e)
{
    struct text_buffer b = { 0 };
    struct history *h = NULL;
    struct history_run run;
    bool known;
    int rc = 0;

    TRY(text_buffer_open(&b, e));
    TRY(run_json_print(r, b.f, e));
    TRY(text_buffer_close(&b, e));
    TRY(history_open(&h, where, HISTORY_WRITE, e));
    TRY(history_put(h, b.text, b.n, &run, &known, e));
out:
    history_close(h);
    text_buffer_release(&b);
    return rc;
}

/* A name that no other run has taken. */
static void free_name(char *path, size_t cap)
{
    char now[32];

    clock_utc_compact(now);
    snprintf(path, cap, "headroom-%.20s.json", now);
    for (int i = 2; access(path, F_OK) == 0 && i < 1000; i++)
        snprintf(path, cap, "headroom-%.20s-%d.json", now, i);
}

int run_store_end(const struct run_store *s, const struct run_record *r, const char *file)
{
    struct err why = { 0 }, file_error = { 0 };
    char path[64];

    if (!s->where || put(s->where, r, &why) == 0)
        return 0;
    if (!file) {
        free_name(path, sizeof(path));
        file = run_file_write(path, r, &file_error) == 0 ? path : NULL;
    }
    if (file)
        fprintf(stderr,
                "headroom: could not store the run: %s; the run is in %s; store it with "
                "`headroom import %s`\n",
                why.msg, file, file);
    else
        fprintf(stderr, "headroom: could not store the run: %s; nor write it beside: %s\n", why.msg,
                file_error.msg);
    return EXIT_NO_RUN;
}
