/* worker_command.c - the process that `run` starts to measure rows in. */
#include "command/commands.h"
#include "command/platform.h"
#include "core/runner_worker.h"
#include "store/store_codec.h"

static int worker_run(const struct cli_args *a, const struct cli_env *env)
{
    struct err e = { 0 };
    int rc = runner_worker_main(env->argc - 1, env->argv + 1, &platform_services, &store_codec,
                                platform_devices, &e);

    (void)a;
    /* A row that was interrupted has said so in its result, not in e. */
    return rc < 0 && rc != ERR_INTERRUPT ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_worker = {
    .name = "worker",
    .summary = "measure rows for a run (started by it, not by hand)",
    .hidden = true,
    .raw = true, /* a folder may be called "-x" */
    .run = worker_run,
};
