/* list.c - `headroom list`: the benchmarks, their axes and their suites.  Touches no device. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "core/axis.h"
#include "core/plan.h"
#include "core/registry.h"

static const struct cli_option options[] = {
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
};

/* "a|b|c" or "4KiB..1MiB". */
static void axis_values_text(const struct axis *a, char *buf, size_t cap)
{
    char lo[AXIS_TEXT], hi[AXIS_TEXT];
    size_t n = 0;

    buf[0] = '\0';
    if (a->kind == AXIS_WORD || a->kind == AXIS_FILE) {
        snprintf(buf, cap, "%s", a->kind == AXIS_FILE ? "FILE" : "NAME");
        return;
    }
    if (a->kind != AXIS_ENUM) {
        axis_format(a, a->lo, lo);
        axis_format(a, a->hi, hi);
        snprintf(buf, cap, "%s..%s", lo, hi);
        return;
    }
    for (int i = 0; a->names[i] && n < cap; i++) {
        int w = snprintf(buf + n, cap - n, "%s%s", i ? "|" : "", a->names[i]);

        n += w > 0 ? (size_t)w : 0;
    }
}

static void devices_text(unsigned mask, char *buf, size_t cap)
{
    snprintf(buf, cap, "%s%s%s", mask & DEVICE_CPU ? "cpu" : "",
             mask & DEVICE_CPU && mask & DEVICE_GPU ? ", " : "", mask & DEVICE_GPU ? "gpu" : "");
}

/* What to say of an axis that means nothing on some of the benchmark's devices. */
static const char *only_text(const struct bench *b, const struct axis *a)
{
    if (a->devices == 0 || (b->devices & ~a->devices) == 0)
        return "";
    return a->devices & DEVICE_GPU ? " (of a GPU's rows)" : " (of the CPU's rows)";
}

static void print_text(const struct bench *b)
{
    char text[400];

    devices_text(b->devices, text, sizeof(text));
    printf("%s  (%s; %s, %s is better)\n  %s\n", b->name, text, b->metric.unit,
           direction_name(b->metric.direction), b->question);
    for (int i = 0; i < b->n_axes; i++) {
        axis_values_text(&b->axes[i], text, sizeof(text));
        printf("    %-8s %s\n             %s; normally %s%s\n", b->axes[i].name, text,
               b->axes[i].help, b->axes[i].normal, only_text(b, &b->axes[i]));
    }
}

static json_t *bench_json(const struct bench *b)
{
    json_t *axes = json_array(), *suites = json_array();
    char text[400];
    unsigned seen = 0;

    for (int i = 0; i < b->n_axes; i++) {
        axis_values_text(&b->axes[i], text, sizeof(text));
        json_array_append_new(axes,
                              json_pack("{ssssssss}", "name", b->axes[i].name, "values", text,
                                        "normal", b->axes[i].normal, "help", b->axes[i].help));
    }
    for (int i = 0; i < b->n_plans; i++)
        seen |= b->plans[i].suites;
    if (seen & SUITE_QUICK)
        json_array_append_new(suites, json_string("quick"));
    if (seen & SUITE_STANDARD)
        json_array_append_new(suites, json_string("standard"));
    if (seen & SUITE_FULL)
        json_array_append_new(suites, json_string("full"));
    devices_text(b->devices, text, sizeof(text));
    return json_pack("{sssssssssssoso}", "name", b->name, "question", b->question, "unit",
                     b->metric.unit, "direction", direction_name(b->metric.direction), "devices",
                     text, "axes", axes, "suites", suites);
}

/* Is it in what was asked for: a suite, a name or a glob? */
static bool wanted(const struct bench *b, const char *word)
{
    unsigned suite = plan_suite(word);

    if (!suite)
        return registry_matches(word, b->name);
    for (int i = 0; i < b->n_plans; i++)
        if (b->plans[i].suites & suite)
            return true;
    return false;
}

static int list_nothing(const char *word)
{
    const char *near = registry_nearest(word);

    if (near)
        fprintf(stderr, "headroom: list: nothing is called \"%.60s\"; did you mean \"%s\"?\n", word,
                near);
    else
        fprintf(stderr, "headroom: list: nothing is called \"%.60s\" (see headroom list)\n", word);
    return EXIT_USAGE;
}

static int list_run(const struct cli_args *a, const struct cli_env *env)
{
    bool json = cli_flag(a, "json");
    json_t *all;
    int n = 0;

    (void)env;
    for (int i = 0; bench_table[i]; i++)
        n += !a->n_words || wanted(bench_table[i], a->word[0]);
    if (n == 0)
        return list_nothing(a->word[0]);
    all = json ? json_array() : NULL;
    for (int i = 0; bench_table[i]; i++) {
        if (a->n_words && !wanted(bench_table[i], a->word[0]))
            continue;
        if (json)
            json_array_append_new(all, bench_json(bench_table[i]));
        else
            print_text(bench_table[i]);
    }
    if (json) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(all);
    } else {
        printf(
            "\nSuites: quick (30 s), standard (5 min), full (15 min).  Try: headroom run quick\n");
    }
    return EXIT_FINE;
}

const struct command command_list = {
    .name = "list",
    .arguments = "[NAME|GLOB|SUITE]",
    .summary = "the benchmarks, their axes and the suites",
    .description = "Lists what can be measured: the question each benchmark answers, its unit, and "
                   "its axes with the values that --set takes.  No device is touched.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = 1,
    .argument_choices = "@benchmarks",
    .run = list_run,
};
