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

/* The option of every command that takes references. */
#define RUN_REF_OPTION_STORE                                                                      \
    {                                                                                             \
        "store", 0, "PATH|URL",                                                                   \
            "the history: a file, or postgresql://... (else ~/.local/share/headroom/history.db)", \
            "@files"                                                                              \
    }

/* Where references are looked up; one per command, run_refs_close it. */
struct run_refs {
    const char *store; /* --store; NULL: the usual place */
    const char *data_dir;
};

enum run_ref_kind { RUN_REF_FILE, RUN_REF_BASELINE, RUN_REF_STORED };

struct run_ref {
    enum run_ref_kind kind;
    char label[200]; /* for messages: "run.json", "baseline nightly", "run 20261121T123737Z-..." */
    struct run_record record; /* owned */
};

/* Of a command whose options have RUN_REF_OPTION_STORE; touches nothing yet. */
struct run_refs run_refs_init(const struct cli_args *a, const struct cli_env *env);
void run_refs_close(struct run_refs *refs);

/* ERR_ARG where the word names nothing, or several runs (the message names those near); ERR_IO,
 * ERR_FORMAT, ERR_BUSY, ERR_NOMEM of the file or the history.  *out is owned by the caller,
 * released on error. */
int run_ref_resolve(struct run_refs *refs, const char *word, struct run_ref *out, struct err *e);
void run_ref_release(struct run_ref *ref);

#endif
