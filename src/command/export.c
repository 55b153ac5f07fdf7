/* export.c - `headroom export`: a run of the history as a file. */
#include <stdio.h>

#include "command/commands.h"
#include "command/run_ref.h"
#include "core/atomic_file.h"
#include "core/mem.h"

static const struct cli_option options[] = {
    { "output", 'o', "FILE", "write the file here (else to standard output)", "@files" },
    RUN_REF_OPTION_STORE,
};

struct text {
    const char *p;
    size_t n;
};

static int fill(const void *self, FILE *f, struct err *e)
{
    const struct text *t = self;

    return fwrite(t->p, 1, t->n, f) == t->n ? 0 : ERR(e, ERR_IO, "cannot write the run");
}

static int export_run(const struct cli_args *a, const struct cli_env *env)
{
    struct run_refs refs = run_refs_init(a, env);
    const char *path = cli_value(a, "output");
    struct run_place place;
    struct err e = { 0 };
    char *text = NULL;
    size_t n;
    int rc = 0;

    if (a->n_words == 0)
        rc = ERR(&e, ERR_ARG, "export: which run?  (see headroom history --runs)");
    if (rc == 0)
        TRY(run_ref_find(&refs, a->word[0], &place, &e));
    if (rc == 0)
        TRY(run_ref_text(&refs, &place, &text, &n, &e));
    if (rc == 0 && path)
        TRY(atomic_file_write(path, fill, &(struct text){ text, n }, &e));
    else if (rc == 0)
        fwrite(text, 1, n, stdout); /* main says what stdout did not take */
out:
    mem_free(text);
    run_refs_close(&refs);
    return rc < 0 ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_export = {
    .name = "export",
    .arguments = "RUN",
    .summary = "a run of the history as a result file",
    .description = "Writes the run as it was stored, byte for byte.  RUN is a run's id or the "
                   "beginning of it, a baseline's name, or \"latest\".",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = 1,
    .run = export_run,
};
