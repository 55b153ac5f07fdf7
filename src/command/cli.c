/* cli.c - the commands' table and the one parser of arguments. */
#include "command/cli.h"

#include <errno.h>
#include <string.h>

#include "command/commands.h"
#include "core/axis.h"

const struct command *const command_table[] = {
    &command_run,        &command_list,    &command_info,     &command_doctor, &command_history,
    &command_baseline,   &command_report,  &command_import,   &command_export, &command_compare,
    &command_gate,       &command_profile, &command_selftest, &command_rerun,  &command_generate,
    &command_perplexity, &command_model,   &command_help,     &command_worker, NULL,
};

const struct command *cli_find(const char *name)
{
    for (int i = 0; command_table[i]; i++)
        if (strcmp(command_table[i]->name, name) == 0)
            return command_table[i];
    return NULL;
}

int cli_unknown_command(const char *in, const char *name)
{
    const char *names[32], *near;
    int n = 0;

    for (int i = 0; command_table[i] && n < 31; i++)
        if (!command_table[i]->hidden)
            names[n++] = command_table[i]->name;
    names[n] = NULL;
    near = nearest_name(name, names);
    if (near)
        fprintf(stderr, "headroom: %sno command is called \"%.60s\"; did you mean \"%s\"?\n", in,
                name, near);
    else
        fprintf(stderr, "headroom: %sno command is called \"%.60s\" (see headroom help)\n", in,
                name);
    return EXIT_USAGE;
}

static const struct cli_option *option_named(const struct command *c, const char *name, size_t n)
{
    for (int i = 0; i < c->n_options; i++)
        if (strlen(c->options[i].name) == n && memcmp(c->options[i].name, name, n) == 0)
            return &c->options[i];
    return NULL;
}

static int unknown_option(const struct command *c, const char *word, struct err *e)
{
    const char *names[64], *near;
    char bare[64];
    int n = 0;

    snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (int i = 0; i < c->n_options && n < 63; i++)
        names[n++] = c->options[i].name;
    names[n] = NULL;
    near = word[1] == '-' ? nearest_name(bare, names) : NULL;
    if (near)
        return ERR(e, ERR_ARG, "%s: no option \"%.60s\"; did you mean --%s?", c->name, word, near);
    return ERR(e, ERR_ARG, "%s: no option \"%.60s\" (see headroom help %s)", c->name, word,
               c->name);
}

/* One word that begins with a dash; *i moves on when the value is the next word. */
static int take_option(const struct command *c, int argc, char **argv, int *i, struct cli_args *out,
                       struct err *e)
{
    const char *word = argv[*i], *value = NULL;
    const struct cli_option *o = NULL;

    if (word[1] == '-') {
        size_t n = strcspn(word + 2, "=");

        o = option_named(c, word + 2, n);
        value = word[2 + n] ? word + 3 + n : NULL;
    } else {
        for (int k = 0; k < c->n_options; k++)
            if (c->options[k].letter && c->options[k].letter == word[1])
                o = &c->options[k];
        value = word[2] ? word + 2 : NULL;
    }
    if (!o)
        return unknown_option(c, word, e);
    if (!o->value && value)
        return ERR(e, ERR_ARG, "%s: --%s takes no value", c->name, o->name);
    if (o->value && !value) {
        if (*i + 1 >= argc)
            return ERR(e, ERR_ARG, "%s: --%s needs a value: %s", c->name, o->name, o->value);
        value = argv[++*i];
    }
    if (out->n_given == CLI_WORDS_MAX)
        return ERR(e, ERR_ARG, "%s: more than %d options", c->name, CLI_WORDS_MAX);
    out->given[out->n_given].option = o;
    out->given[out->n_given++].value = value;
    return 0;
}

int cli_parse(const struct command *c, int argc, char **argv, struct cli_args *out, struct err *e)
{
    bool only_words = false;
    int rc = 0;

    *out = (struct cli_args){ .command = c };
    if (c->raw)
        return 0;
    for (int i = 2; i < argc; i++) {
        const char *word = argv[i];

        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            out->help = true;
        } else if (!only_words && word[0] == '-' && word[1]) {
            TRY(take_option(c, argc, argv, &i, out, e));
        } else {
            int max = c->max_arguments < 0 ? CLI_WORDS_MAX : c->max_arguments;

            if (out->n_words == max)
                return ERR(e, ERR_ARG, "%s: unexpected \"%.60s\" (see headroom help %s)", c->name,
                           word, c->name);
            out->word[out->n_words++] = word;
            out->n_before_dashes += !only_words;
        }
    }
out:
    return rc;
}

int cli_values(const struct cli_args *a, const char *name, const char **out, int cap)
{
    int n = 0;

    BUG_ON(!option_named(a->command, name, strlen(name)));
    for (int i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].option->name, name) == 0 && n < cap)
            out[n++] = a->given[i].value;
    return n;
}

bool cli_flag(const struct cli_args *a, const char *name)
{
    const char *ignored[CLI_WORDS_MAX];

    return cli_values(a, name, ignored, CLI_WORDS_MAX) > 0;
}

const char *cli_value(const struct cli_args *a, const char *name)
{
    const char *all[CLI_WORDS_MAX];
    int n = cli_values(a, name, all, CLI_WORDS_MAX);

    return n ? all[n - 1] : NULL;
}

int cli_fail(const struct err *e)
{
    struct err shown = *e;

    /* Messages quote files, whose bytes must not steer the terminal. */
    for (char *p = shown.msg; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\n') || *p == 127)
            *p = '?';
    fprintf(stderr, "headroom: %s\n", shown.msg[0] ? shown.msg : err_name(e->code));
    if (e->code == ERR_ARG)
        return EXIT_USAGE;
    return e->code == ERR_MISMATCH ? EXIT_INVALID : EXIT_NO_RUN;
}

int cli_worse_code(int a, int b)
{
    static const int order[] = { EXIT_USAGE,      EXIT_NO_RUN,  EXIT_INVALID,
                                 EXIT_REGRESSION, EXIT_UNCLEAR, EXIT_WARNING };

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_FINE;
}

int cli_close_stdout(int code)
{
    errno = 0; /* an earlier write may be the one that failed */
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "headroom: standard output: %s\n",
            errno ? strerror(errno) : "not everything could be written");
    return EXIT_NO_RUN;
}
