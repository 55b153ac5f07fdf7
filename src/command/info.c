/* info.c - `headroom info`: what this machine and this build are. */
#include <jansson.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/run_options.h"
#include "command/run_session.h"
#include "host/env_busy.h"
#include "store/facts_json.h"

static const struct cli_option options[] = {
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
    { "dir", 0, "DIR", "describe the storage of this folder (else of this one)", "@dirs" },
};

static void print_fact(const struct fact *f)
{
    printf("  %-34s ", f->key);
    switch (f->kind) {
    case FACT_NULL: printf("-  (%s)\n", f->text); break;
    case FACT_BOOL: printf("%s\n", f->i ? "yes" : "no"); break;
    case FACT_INT: printf("%lld\n", (long long)f->i); break;
    case FACT_REAL: printf("%.6g\n", f->r); break;
    case FACT_TEXT: printf("%s\n", f->text); break;
    default: printf("?\n"); break;
    }
}

static void print_group(const char *title, const struct facts *fs)
{
    printf("%s\n", title);
    for (size_t i = 0; i < fs->n; i++)
        print_fact(&fs->f[i]);
}

static int print_json(const struct run_record *r, const char *fingerprint, struct err *e)
{
    json_t *all;
    bool lost = false;

    jsonio_init();
    all = json_object();
    jsonio_put(all, "fingerprint", jsonio_new_text(fingerprint), &lost);
    jsonio_put(all, "machine", facts_json(&r->machine), &lost);
    jsonio_put(all, "build", facts_json(&r->build), &lost);
    all = jsonio_done(all, lost);
    if (!all)
        return ERR(e, ERR_NOMEM, "no memory for the answer");
    json_dumpf(all, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(all);
    return 0;
}

static int info_run(const struct cli_args *a, const struct cli_env *env)
{
    struct run_record r = { 0 };
    struct env_busy busy;
    struct err e = { 0 };
    const char *dir = cli_value(a, "dir");
    char fingerprint[24];
    int rc = 0;

    if (dir)
        TRY(run_options_check_dir("--dir", dir, &e));
    TRY(run_session_describe(&r, env, dir ? dir : ".", &e));
    TRY(env_busy(&busy, "", 0.1, &e));
    env_busy_facts(&r.machine, &busy);
    machine_fingerprint(&r.machine, fingerprint);
    if (cli_flag(a, "json")) {
        TRY(print_json(&r, fingerprint, &e));
    } else {
        printf("fingerprint %s\n", fingerprint);
        print_group("machine", &r.machine);
        print_group("build", &r.build);
    }
out:
    run_record_release(&r);
    return rc < 0 ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_info = {
    .name = "info",
    .arguments = "",
    .summary = "this machine and this build: every field that goes with a result",
    .description =
        "Prints what is recorded with every result: CPU, memory, GPUs, storage, operating "
        "system, container, clock policy, environment, and how the program was built.  A "
        "field without a value has the reason.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = info_run,
};
