/* run.c - `headroom run`: what the user asked for becomes a plan, the plan a session. */
#include <jansson.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/platform.h"
#include "command/run_options.h"
#include "command/run_session.h"

static void dry_run_text(const struct plan_list *plan)
{
    char settings[256];
    double total = 0;

    for (int i = 0; i < plan->n; i++) {
        const struct plan_case *c = &plan->cases[i];

        params_format(&c->params, settings, sizeof(settings));
        printf("%-6s %-18s %-48s %d x %.2f s\n", c->device->name, c->bench->name, settings, c->runs,
               c->seconds);
        total += c->runs * c->seconds;
    }
    printf("%d rows, %.1f s of measuring and the setup of each\n", plan->n, total);
}

static void dry_run_json(const struct plan_list *plan)
{
    json_t *rows = json_array();

    for (int i = 0; i < plan->n; i++) {
        const struct plan_case *c = &plan->cases[i];
        json_t *params = json_object();

        for (int k = 0; k < c->params.n; k++)
            json_object_set_new(params, c->params.p[k].axis->name,
                                json_string(c->params.p[k].text));
        json_array_append_new(rows, json_pack("{sssosssisf}", "name", c->bench->name, "params",
                                              params, "device", c->device->name, "runs", c->runs,
                                              "seconds", c->runs * c->seconds));
    }
    json_dumpf(rows, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(rows);
}

static int run_run(const struct cli_args *a, const struct cli_env *env)
{
    static struct device devices[DEVICES_MAX];
    struct run_options o;
    struct plan_list plan = { 0 };
    struct err e = { 0 };
    char why[128];
    int rc = 0, code = EXIT_FINE;

    TRY(run_options_read(a, &o, &e));
    struct plan_request rq = { .names = a->word,
                               .n_names = a->n_words,
                               .set = o.set,
                               .n_set = o.n_set,
                               .device = o.device,
                               .seconds = o.seconds,
                               .repeat = o.repeat,
                               .devices = devices,
                               .no_gpu_why = why };
    rq.n_devices = device_list(platform_devices, devices, why, sizeof(why));
    TRY(plan_make(&rq, &plan, &e));
    if (!o.dry_run)
        code = run_session(&plan, &o, env);
    else if (o.json)
        dry_run_json(&plan);
    else
        dry_run_text(&plan);
out:
    plan_release(&plan);
    return rc < 0 ? cli_fail(&e) : code;
}

const struct command command_run = {
    .name = "run",
    .arguments = "[NAME|GLOB|SUITE ...]",
    .summary = "measure: a suite (quick, standard, full), benchmarks by name, or globs",
    .description =
        "Measures and prints a table in which every figure stands beside its limit; the result "
        "file "
        "is rewritten after each row, so that a killed run leaves what it has.  Without a name it "
        "runs the suite quick (30 s).  Every row is checked against an independent reference "
        "before "
        "and after it is timed.  Ctrl-C keeps what was measured; a second one ends at once.",
    .options = run_option_table,
    .n_options = RUN_OPTIONS,
    .max_arguments = -1,
    .argument_choices = "@benchmarks",
    .run = run_run,
};
