/* import.c - `headroom import`: files, ours and other tools', go into the history. */
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "command/commands.h"
#include "command/run_ref.h"
#include "core/atomic_file.h"
#include "core/mem.h"
#include "store/history.h"
#include "store/import/importers.h"
#include "store/run_file.h"

static const struct cli_option options[] = { RUN_REF_OPTION_STORE };

static int import_text(struct history *h, const struct import_source *src, struct history_run *run,
                       bool *known, struct err *e)
{
    const struct importer *by;
    struct text_buffer ours;
    int rc = importers_read(src, &ours, &by, e);

    if (rc == 0)
        rc = history_put(h, ours.text, ours.n, run, known, e);
    text_buffer_release(&ours);
    return rc;
}

static int import_file(struct history *h, const char *path, struct err *e)
{
    struct import_source src = { .path = path };
    struct history_run run = { 0 };
    struct err why = { 0 };
    char *text = NULL;
    struct stat st;
    bool known = false;
    int rc = 0;

    src.modified_unix_s = stat(path, &st) == 0 ? (double)st.st_mtime : (double)NAN;
    TRY(atomic_file_read(path, RUN_FILE_BYTES_MAX, &text, &src.n, e));
    src.text = text;
    rc = import_text(h, &src, &run, &known, &why);
    if (rc < 0)
        rc = ERR(e, rc, "%.100s: %s", path, why.msg);
    else
        printf("%s: run %s, %d rows%s\n", path, run.id, run.n_rows,
               known ? ": in the history already" : "");
out:
    mem_free(text);
    return rc;
}

/* One bad file does not keep the others out. */
static int import_run(const struct cli_args *a, const struct cli_env *env)
{
    struct run_refs refs = run_refs_init(a, env);
    struct history *h;
    struct err e = { 0 };
    int code = EXIT_FINE;

    if (a->n_words == 0) {
        ERR(&e, ERR_ARG, "import: which file?");
        return cli_fail(&e);
    }
    if (run_refs_history(&refs, HISTORY_WRITE, &h, &e) < 0)
        return cli_fail(&e);
    for (int i = 0; i < a->n_words; i++) {
        struct err why = { 0 };

        if (import_file(h, a->word[i], &why) < 0)
            code = cli_worse_code(code, cli_fail(&why));
    }
    run_refs_close(&refs);
    return code;
}

const struct command command_import = {
    .name = "import",
    .arguments = "FILE...",
    .summary = "put result files, ours and other tools', into the history",
    .description =
        "Result files of headroom, and what other tools write: llama-bench (-o json), fio "
        "(--output-format=json), Google Benchmark (--benchmark_out_format=json), hyperfine "
        "(--export-json), Criterion (estimates.json or sample.json, in their folders), nvbandwidth "
        "(its text), and the baselines and reports of the founding documents, as their tools or "
        "report --form wrote them.  Rows of other tools are marked as imported; history, compare, "
        "gate and "
        "report treat them like ours.\n\n"
        "A result file is stored as it is: export gives it back byte for byte.  A run that is in "
        "the "
        "history already is left alone; one of the same id with another content is refused.  A "
        "file that cannot be read does not keep the others out.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = -1,
    .argument_choices = "@files",
    .run = import_run,
};
