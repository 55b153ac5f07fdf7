/* doctor.c - `headroom doctor`: what works here, what does not, and what would bring it. */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/doctor_checks.h"
#include "command/doctor_history.h"
#include "command/run_options.h"
#include "command/tty.h"
#include "gpu/gpu_facts.h"
#include "host/advice.h"
#include "host/advice_card.h"
#include "report/columns.h"
#include "report/textline.h"
#include "json/jsonio.h"

static const struct cli_option options[] = {
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
    { "dir", 0, "DIR", "the folder whose storage is tried (else this one)", "@dirs" },
};

static void print_text(const struct advice_list *list, const struct cli_env *env)
{
    static const enum style_colour colours[] = { [ADVICE_WORKING] = STYLE_GOOD,
                                                 [ADVICE_ABSENT] = STYLE_DIM,
                                                 [ADVICE_FAILING] = STYLE_ALARM,
                                                 [ADVICE_ADVICE] = STYLE_WARN };
    enum { WORDS = 36, NARROW = 72 };
    struct terminal_style style = tty_style(env);
    /* In a file a line is a fact; on a narrow terminal words go on near its edge. */
    int columns = env->stdout_tty ? style_columns(&style) : INT_MAX;
    int indent = columns < NARROW ? COLUMNS_INDENT : WORDS;

    for (int i = 0; i < list->n; i++) {
        const struct advice *a = &list->a[i];

        style_paint(stdout, &style, colours[a->state]);
        printf("%-8s", advice_state_name(a->state));
        style_paint(stdout, &style, STYLE_PLAIN);
        printf(" %-26s ", a->name);
        textline_wrap(stdout, a->text, WORDS, indent, columns, style.utf8);
        if (a->remedy[0]) {
            int used = printf("%*s-> ", indent, "");

            textline_wrap(stdout, a->remedy, used, used, columns, style.utf8);
        }
    }
}

static int print_json(const struct advice_list *list, struct err *e)
{
    json_t *all;
    bool lost = false;

    jsonio_init();
    all = json_array();
    for (int i = 0; i < list->n; i++) {
        const struct advice *a = &list->a[i];
        json_t *one = json_object();

        jsonio_put(one, "name", jsonio_new_text(a->name), &lost);
        jsonio_put(one, "state", jsonio_new_text(advice_state_name(a->state)), &lost);
        jsonio_put(one, "text", jsonio_new_text(a->text), &lost);
        jsonio_put(one, "remedy", jsonio_new_text_or_null(a->remedy), &lost);
        jsonio_append(all, one, &lost);
    }
    all = jsonio_done(all, lost);
    if (!all)
        return ERR(e, ERR_NOMEM, "no memory for the answer");
    json_dumpf(all, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(all);
    return 0;
}

static int doctor_run(const struct cli_args *a, const struct cli_env *env)
{
    struct advice_list list = { 0 };
    struct advice_probes probes;
    struct facts machine = { 0 };
    struct err e = { 0 };
    const char *dir = cli_value(a, "dir");
    int rc = 0, code = EXIT_FINE;

    if (!dir)
        dir = ".";
    TRY(run_options_check_dir("--dir", dir, &e));
    advice_probe(&probes, dir, 256 << 20);
    advice_collect(&list, "", &probes);
    gpu_facts(&machine);
    advice_card(&list, &machine);
    doctor_history(&list, env);
    rc = doctor_checks(&list, dir, env->stop, &e);
    for (int i = 0; i < list.n; i++)
        if (list.a[i].state == ADVICE_FAILING)
            code = EXIT_INVALID;
    if (!cli_flag(a, "json"))
        print_text(&list, env);
    else if (rc == 0 || rc == ERR_INTERRUPT)
        TRY(print_json(&list, &e));
out:
    facts_release(&machine);
    if (*env->stop)
        return EXIT_SIGNAL + (int)*env->stop;
    return rc < 0 ? cli_fail(&e) : code;
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
