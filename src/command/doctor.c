/* doctor.c - `headroom doctor`: what works here, what does not, and what would bring it. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/doctor_checks.h"
#include "host/advice.h"

static const struct cli_option options[] = {
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
    { "dir", 0, "DIR", "the folder whose storage is tried (else this one)", "@dirs" },
};

static void print_text(const struct advice_list *list, const struct cli_env *env)
{
    static const char *const colours[] = { "\033[32m", "\033[2m", "\033[31m", "\033[33m" };

    for (int i = 0; i < list->n; i++) {
        const struct advice *a = &list->a[i];

        printf("%s%-8s%s %-26s %s\n", env->colour ? colours[a->state] : "",
               advice_state_name(a->state), env->colour ? "\033[0m" : "", a->name, a->text);
        if (a->remedy[0])
            printf("%36s-> %s\n", "", a->remedy);
    }
}

static void print_json(const struct advice_list *list)
{
    json_t *all = json_array();

    for (int i = 0; i < list->n; i++) {
        const struct advice *a = &list->a[i];

        json_array_append_new(all, json_pack("{sssssssO}", "name", a->name, "state",
                                             advice_state_name(a->state), "text", a->text, "remedy",
                                             json_null()));
        if (a->remedy[0])
            json_object_set_new(json_array_get(all, json_array_size(all) - 1), "remedy",
                                json_string(a->remedy));
    }
    json_dumpf(all, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(all);
}

static int doctor_run(const struct cli_args *a, const struct cli_env *env)
{
    struct advice_list list = { 0 };
    struct advice_probes probes;
    const char *dir = cli_value(a, "dir");
    bool failing = false;

    advice_probe(&probes, dir ? dir : ".", 256 << 20);
    advice_collect(&list, "", &probes);
    doctor_checks(&list);
    for (int i = 0; i < list.n; i++)
        failing |= list.a[i].state == ADVICE_FAILING;
    if (cli_flag(a, "json"))
        print_json(&list);
    else
        print_text(&list, env);
    return failing ? EXIT_INVALID : EXIT_FINE;
}

const struct command command_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "what works on this machine, what does not, and what would bring it",
    .description = "Names each capability as working, absent (why, and what would bring it) or "
                   "failing, checks that memory it allocates is memory that the counters see, runs "
                   "every benchmark's own check once, and advises where the machine is set up so "
                   "that figures suffer.  Exit code 4 when something is failing.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = doctor_run,
};
