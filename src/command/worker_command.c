/* worker_command.c - the process that `run` starts to measure rows in. */
#include "command/commands.h"
#include "command/platform.h"
#include "core/runner_worker.h"
#include "store/store_codec.h"

static int worker_run(const struct cli_args *a, const struct cli_env *env)
{
    (void)a;
    return runner_worker_main(env->argc - 1, env->argv + 1, &platform_services, &store_codec,
                              platform_devices);
}

const struct command command_worker = {
    .name = "worker",
    .summary = "measure rows for a run (started by it, not by hand)",
    .max_arguments = -1,
    .hidden = true,
    .run = worker_run,
};
