/* help.c - `headroom help`: people's help, the man page and the completions, from the tables. */
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/help_formats.h"
#include "host/env_build.h"

static const struct cli_option options[] = {
    { "version", 0, NULL, "print the version and how the program was built", NULL },
    { "man", 0, NULL, "print the man page (troff)", NULL },
    { "completion", 0, "SHELL", "print the completion script of bash, zsh or fish",
      "bash zsh fish" },
};

static void print_option(const struct cli_option *o)
{
    char left[64], letter[8] = "    ";

    if (o->letter)
        snprintf(letter, sizeof(letter), "-%c, ", o->letter);
    snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name, o->value ? " " : "",
             o->value ? o->value : "");
    printf("  %-26s %s\n", left, o->help);
}

static void print_command(const struct command *c)
{
    printf("headroom %s%s%s%s\n\n%s\n", c->name, c->n_options ? " [OPTIONS]" : "",
           c->arguments ? " " : "", c->arguments ? c->arguments : "", c->description);
    if (c->n_options)
        printf("\nOptions:\n");
    for (int i = 0; i < c->n_options; i++)
        print_option(&c->options[i]);
}

static void print_overview(void)
{
    printf(
        "headroom - how fast this machine runs AI inference, how fast it could be, and whether it\n"
        "got slower.\n\nUsage: headroom COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n");
    for (int i = 0; command_table[i]; i++)
        if (!command_table[i]->hidden)
            printf("  %-10s %s\n", command_table[i]->name, command_table[i]->summary);
    printf("\nStart with:  headroom run quick\nMore on one: headroom help COMMAND\n\n"
           "Exit codes: 0 fine, 1 warning, 2 regression or missed target, 3 unclear, 4 invalid\n"
           "measurement or wrong output, 5 the run could not be made, 64 usage, 128+n signal n.\n");
}

static void print_version(void)
{
    static const char *const keys[] = { "git.commit", "git.dirty", "compiler",
                                        "type",       "flags",     "cuda" };
    struct facts build = { 0 };

    env_build_facts(&build);
    printf("headroom %s\n", facts_get_text(&build, "version", "unknown"));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct fact *f = facts_get(&build, keys[i]);

        if (f && (f->kind == FACT_TEXT || f->kind == FACT_NULL))
            printf("%-10s  %s\n", keys[i], f->text);
        else if (f)
            printf("%-10s  %s\n", keys[i], f->i ? "yes" : "no");
    }
    facts_release(&build);
}

static int help_run(const struct cli_args *a, const struct cli_env *env)
{
    const char *shell = cli_value(a, "completion");
    const struct command *c;

    (void)env;
    if (cli_flag(a, "version")) {
        print_version();
        return EXIT_FINE;
    }
    if (cli_flag(a, "man")) {
        help_print_man(stdout);
        return EXIT_FINE;
    }
    if (shell) {
        if (help_print_completion(stdout, shell) == 0)
            return EXIT_FINE;
        fprintf(stderr, "headroom: help: no completion for \"%.40s\" (bash, zsh, fish)\n", shell);
        return EXIT_USAGE;
    }
    if (a->n_words == 0) {
        print_overview();
        return EXIT_FINE;
    }
    c = cli_find(a->word[0]);
    if (!c || c->hidden)
        return cli_unknown_command("help: ", a->word[0]);
    print_command(c);
    return EXIT_FINE;
}

const struct command command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "this help; of one command; the man page; shell completions",
    .description = "Prints what the program and its commands do.  The man page and the completions "
                   "are made from the same tables as this text and the parser.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = 1,
    .argument_choices = "@commands",
    .run = help_run,
};
