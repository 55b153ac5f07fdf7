/* run_ref.h - what a user calls a stored run, resolved to the run itself.
 *
 * A reference is one word, read in this order:
 *   file      it has a slash or ends in ".json": a result file (a file "quick" is "./quick")
 *   latest    the word "latest": the stored run that started last
 *   baseline  the name of a baseline in the history
 *   run       a run's id in the history, or a beginning of it that no other id has
 *   file      none of these, but a file of that name is there
 * The history is opened at the first word that needs it, for reading; a history that does not exist
 * holds nothing. */
#ifndef COMMAND_RUN_REF_H
#define COMMAND_RUN_REF_H

#include <stdbool.h>

#include "command/cli.h"
#include "core/record.h"
#include "store/history_baseline.h"

/* The option of every command that takes references. */
#define RUN_REF_OPTION_STORE                                                                      \
    {                                                                                             \
        "store", 0, "PATH|URL",                                                                   \
            "the history: a file, or postgresql://... (else ~/.local/share/headroom/history.db)", \
            "@files"                                                                              \
    }

/* Where references are looked up; one per command, run_refs_close it. */
struct run_refs {
    const char *store;       /* --store; NULL: the usual place */
    const char *data_dir;    /* cli_env.data_dir */
    struct history *history; /* owned; NULL until somebody asks for it */
    enum history_mode mode;  /* of the open one */
    char path[1200];         /* of the usual place */
};

enum run_ref_kind { RUN_REF_FILE, RUN_REF_BASELINE, RUN_REF_STORED };

/* Where a run is. */
struct run_place {
    enum run_ref_kind kind;
    char label[200];  /* for messages: "run.json", "baseline nightly", "run 20261121T123737Z-..." */
    const char *path; /* RUN_REF_FILE: borrowed from the word */
    struct history_run run; /* otherwise */
};

struct run_ref {
    enum run_ref_kind kind;
    char label[200];
    struct run_record record; /* owned */
};

/* Of a command whose options have RUN_REF_OPTION_STORE; touches nothing yet. */
struct run_refs run_refs_init(const struct cli_args *a, const struct cli_env *env);
void run_refs_close(struct run_refs *refs);

/* The history's path or URL, borrowed from refs.  ERR_ARG where there is no home and no --store. */
int run_refs_where(struct run_refs *refs, const char **where, struct err *e);

/* The history, open until run_refs_close.  HISTORY_READ: *h is NULL where none is there yet.
 * What history_open gives. */
int run_refs_history(struct run_refs *refs, enum history_mode mode, struct history **h,
                     struct err *e);

/* ERR_ARG where the word names nothing, or several runs (the message names those near); ERR_IO,
 * ERR_FORMAT, ERR_BUSY, ERR_NOMEM of the file or the history. */
int run_ref_find(struct run_refs *refs, const char *word, struct run_place *out, struct err *e);

/* The text of a run's file; owned by the caller (mem_free). */
int run_ref_text(struct run_refs *refs, const struct run_place *place, char **text, size_t *n,
                 struct err *e);

/* Find and read.  *out is owned by the caller, released on error. */
int run_ref_resolve(struct run_refs *refs, const char *word, struct run_ref *out, struct err *e);
void run_ref_release(struct run_ref *ref);

#endif
