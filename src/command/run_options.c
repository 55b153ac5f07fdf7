/* run_options.c - what the user asked of `run`. */
#include "command/run_options.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "command/run_ref.h"
#include "core/sampling.h"

const struct cli_option run_option_table[RUN_OPTIONS] = {
    { "output", 'o', "FILE", "write the result file here (else headroom-UTC.json in this folder)",
      "@files" },
    { "json", 0, NULL, "print the result as JSON alone on standard output", NULL },
    { "set", 0, "AXIS=VALUE[,VALUE]", "run these points of an axis (see headroom list); repeatable",
      NULL },
    { "seconds", 0, "S", "time for each row, without its setup, shared by its runs (2, 0.5, 500ms)",
      NULL },
    { "repeat", 0, "R", "R runs of each row, each a fresh process with the row's whole time",
      NULL },
    { "device", 0, "DEVICE", "cpu, gpu (all of them) or gpu:N; normally the CPU and the first GPU",
      "cpu gpu gpu:0" },
    { "dir", 0, "DIR", "folder for scratch files: the storage that is measured (else this folder)",
      "@dirs" },
    { "models", 0, "DIR", "folder with the models that benchmarks name (else the usual one)",
      "@dirs" },
    { "seed", 0, "N", "seed of all inputs and resampling (1)", NULL },
    { "target", 0, "PERCENT", "stop a row when its interval is this narrow, each way (0.5)", NULL },
    { "wait", 0, "S", "wait up to S for another run on this machine to end", NULL },
    { "launcher", 0, "COMMAND",
      "start the measuring process through COMMAND, e.g. \"numactl -N 0\"", NULL },
    RUN_REF_OPTION_STORE,
    { "no-store", 0, NULL, "leave the history as it is", NULL },
    { "dry-run", 0, NULL, "print the rows that would be measured, and measure nothing", NULL },
};

static int read_launcher(const char *text, struct run_options *o, struct err *e)
{
    char *save = NULL;
    int n = 0;

    if (strlen(text) >= sizeof(o->launcher_text))
        return ERR(e, ERR_ARG, "--launcher: longer than %zu characters",
                   sizeof(o->launcher_text) - 1);
    snprintf(o->launcher_text, sizeof(o->launcher_text), "%s", text);
    for (char *w = strtok_r(o->launcher_text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        if (n == RUN_LAUNCHER_WORDS)
            return ERR(e, ERR_ARG, "--launcher: more than %d words", RUN_LAUNCHER_WORDS);
        o->launcher[n++] = w;
    }
    return n ? 0 : ERR(e, ERR_ARG, "--launcher: no command in it");
}

int run_options_check_dir(const char *option, const char *text, struct err *e)
{
    struct stat st;

    if (!text[0])
        return ERR(e, ERR_ARG, "%s: the folder's name is empty", option);
    if (stat(text, &st) < 0)
        return ERR(e, ERR_IO, "%s %.120s: %s", option, text, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return ERR(e, ERR_IO, "%s %.120s: not a folder", option, text);
    return 0;
}

static int read_target(const char *text, struct run_options *o, struct err *e)
{
    char plain[32];
    double percent;
    int rc = 0;

    snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(text, "%"), text);
    if (parse_seconds(plain, 0.01, 50, "--target", &percent, NULL) < 0)
        return ERR(e, ERR_ARG, "--target: \"%.40s\" is not a percentage from 0.01 to 50", text);
    o->target = percent / 100;
    return rc;
}

int run_options_read(const struct cli_args *a, struct run_options *o, struct err *e)
{
    const char *v;
    int64_t n = 0;
    int rc = 0;

    *o = (struct run_options){ .dir = ".", .seed = 1, .target = sampling_defaults().target };
    o->n_set = cli_values(a, "set", o->set, CLI_WORDS_MAX);
    o->device = cli_value(a, "device");
    o->output = cli_value(a, "output");
    if (o->output && !o->output[0])
        return ERR(e, ERR_ARG, "--output: the name of the file is empty");
    if (o->output && strcmp(o->output, "-") == 0)
        return ERR(e, ERR_ARG,
                   "--output -: the result on standard output is --json; a file of "
                   "this name is ./-");
    o->store = cli_value(a, "store");
    if (o->store && !o->store[0])
        return ERR(e, ERR_ARG, "--store: the name of the history is empty");
    o->no_store = cli_flag(a, "no-store");
    o->json = cli_flag(a, "json");
    o->dry_run = cli_flag(a, "dry-run");
    if ((v = cli_value(a, "seconds")))
        TRY(parse_seconds(v, 0.01, SAMPLING_SECONDS_MAX, "--seconds", &o->seconds, e));
    if ((v = cli_value(a, "wait")))
        TRY(parse_seconds(v, 0, 86400, "--wait", &o->wait_s, e));
    if ((v = cli_value(a, "repeat")))
        TRY(parse_int(v, 1, 1000, "--repeat", &n, e));
    o->repeat = (int)n;
    n = 1;
    if ((v = cli_value(a, "seed")))
        TRY(parse_int(v, 0, INT64_MAX, "--seed", &n, e));
    o->seed = (uint64_t)n;
    if ((v = cli_value(a, "target")))
        TRY(read_target(v, o, e));
    if ((v = cli_value(a, "dir")))
        TRY(run_options_check_dir("--dir", o->dir = v, e));
    if ((v = cli_value(a, "models")))
        TRY(run_options_check_dir("--models", o->models = v, e));
    if ((v = cli_value(a, "launcher")))
        TRY(read_launcher(v, o, e));
out:
    return rc;
}
