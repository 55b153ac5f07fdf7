/* help_formats.c - the man page and the shell completions, made from the commands' tables. */
#include "command/help_formats.h"

#include <string.h>

#include "command/cli.h"
#include "core/registry.h"
#include "host/env_build.h"

/* Text in troff: a backslash or a leading dot would be a request. */
static void troff(FILE *f, const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs("\\&", f);
    for (; *s; s++) {
        if (*s == '\\')
            fputs("\\e", f);
        else if (*s == '-')
            fputs("\\-", f);
        else
            fputc(*s, f);
    }
}

static void man_option(FILE *f, const struct cli_option *o)
{
    fputs(".TP\n\\fB", f);
    if (o->letter)
        fprintf(f, "\\-%c\\fR, \\fB", o->letter);
    troff(f, "--");
    troff(f, o->name);
    fputs("\\fR", f);
    if (o->value)
        fprintf(f, " \\fI%s\\fR", o->value);
    fputc('\n', f);
    troff(f, o->help);
    fputc('\n', f);
}

static void man_command(FILE *f, const struct command *c)
{
    fprintf(f, ".SS \"headroom %s%s%s%s\"\n", c->name, c->n_options ? " [OPTIONS]" : "",
            c->arguments ? " " : "", c->arguments ? c->arguments : "");
    troff(f, c->description);
    fputc('\n', f);
    for (int i = 0; i < c->n_options; i++)
        man_option(f, &c->options[i]);
}

void help_print_man(FILE *f)
{
    static const struct {
        const char *code, *meaning;
    } codes[] = { { "0", "fine" },
                  { "1", "warning" },
                  { "2", "regression, or a missed target" },
                  { "3", "unclear" },
                  { "4", "invalid measurement or wrong output (a row failed)" },
                  { "5", "the run could not be made" },
                  { "64", "usage" },
                  { "128+n", "ended by signal n" } };

    struct facts build = { 0 };

    env_build_facts(&build);
    fprintf(f, ".TH HEADROOM 1 \"%s\" \"headroom %s\" \"User Commands\"\n",
            facts_get_text(&build, "git.date", ""), facts_get_text(&build, "version", ""));
    facts_release(&build);
    fputs(".SH NAME\nheadroom \\- how fast a machine runs AI inference, how fast it could be, and "
          "whether it got slower\n.SH SYNOPSIS\n.B headroom\n.I COMMAND\n[OPTIONS] [ARGUMENTS]\n"
          ".SH DESCRIPTION\nMeasures a machine, checks every result before it is timed, and holds "
          "every figure against the physical limit of the same machine.\n.SH COMMANDS\n"
          "Each takes \\fB\\-\\-help\\fR (\\fB\\-h\\fR) too, and then only explains itself.\n",
          f);
    for (int i = 0; command_table[i]; i++)
        if (!command_table[i]->hidden)
            man_command(f, command_table[i]);
    fputs(".SH EXIT STATUS\n", f);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        fprintf(f, ".TP\n.B %s\n%s\n", codes[i].code, codes[i].meaning);
    fputs(".SH FILES\n.TP\n.I headroom\\-UTC.json\nthe result file that a run writes without "
          "\\fB\\-\\-output\\fR\n.TP\n.I $XDG_CACHE_HOME/headroom\nceilings measured since the "
          "machine was started\n.TP\n.I /tmp/headroom.lock\nheld while a run measures\n",
          f);
}

/* The words of a choices string: "@benchmarks", "@commands", or themselves. */
static void words(FILE *f, const char *choices)
{
    if (!choices || choices[0] != '@') {
        fputs(choices ? choices : "", f);
        return;
    }
    if (strcmp(choices, "@benchmarks") == 0) {
        fputs("quick standard full", f);
        for (int i = 0; bench_table[i]; i++)
            fprintf(f, " %s", bench_table[i]->name);
    } else if (strcmp(choices, "@commands") == 0) {
        const char *space = "";

        for (int i = 0; command_table[i]; i++)
            if (!command_table[i]->hidden) {
                fprintf(f, "%s%s", space, command_table[i]->name);
                space = " ";
            }
    }
}

/* One `case` branch: after this option of this command, these words. */
static void bash_value(FILE *f, const struct command *c, const struct cli_option *o)
{
    fprintf(f, "    %s:--%s", c->name, o->name);
    if (o->letter)
        fprintf(f, "|%s:-%c", c->name, o->letter);
    if (strcmp(o->choices, "@files") == 0 || strcmp(o->choices, "@dirs") == 0) {
        fprintf(f, ") COMPREPLY=($(compgen -%c -- \"$cur\")); return;;\n",
                o->choices[1] == 'f' ? 'f' : 'd');
        return;
    }
    fputs(") COMPREPLY=($(compgen -W \"", f);
    words(f, o->choices);
    fputs("\" -- \"$cur\")); return;;\n", f);
}

static void completion_bash(FILE *f)
{
    fputs("# bash completion for headroom; made by: headroom help --completion bash\n"
          "_headroom() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "  local cmd=${COMP_WORDS[1]} words=\n  COMPREPLY=()\n"
          "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W \"",
          f);
    words(f, "@commands");
    fputs("\" -- \"$cur\"))\n    return\n  fi\n  case $cmd:$prev in\n", f);
    for (int i = 0; command_table[i]; i++)
        for (int k = 0; k < command_table[i]->n_options; k++)
            if (!command_table[i]->hidden && command_table[i]->options[k].choices)
                bash_value(f, command_table[i], &command_table[i]->options[k]);
    fputs("  esac\n  case $cmd in\n", f);
    for (int i = 0; command_table[i]; i++) {
        const struct command *c = command_table[i];

        if (c->hidden)
            continue;
        fprintf(f, "    %s) words=\"", c->name);
        for (int k = 0; k < c->n_options; k++)
            fprintf(f, "--%s ", c->options[k].name);
        fputs("--help ", f);
        words(f, c->argument_choices);
        fputs("\";;\n", f);
    }
    fputs("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
          "complete -F _headroom headroom\n",
          f);
}

static void zsh_option(FILE *f, const struct cli_option *o)
{
    fprintf(f, " '--%s[", o->name);
    for (const char *p = o->help; *p; p++)
        fputc(strchr("'[]:", *p) ? ' ' : *p, f); /* characters that zsh would read */
    fputc(']', f);
    if (o->value) {
        fprintf(f, ":%s:", o->value);
        if (!o->choices)
            fputc(' ', f);
        else if (o->choices[0] == '@' && o->choices[1] != 'b')
            fputs(o->choices[1] == 'f' ? "_files" : "_files -/", f);
        else {
            fputc('(', f);
            words(f, o->choices);
            fputc(')', f);
        }
    }
    fputc('\'', f);
}

static void completion_zsh(FILE *f)
{
    fputs("#compdef headroom\n# zsh completion; made by: headroom help --completion zsh\n"
          "if (( CURRENT == 2 )); then\n  compadd -- ",
          f);
    words(f, "@commands");
    fputs("\n  return\nfi\ncmd=${words[2]}\nshift words; (( CURRENT-- ))\ncase $cmd in\n", f);
    for (int i = 0; command_table[i]; i++) {
        const struct command *c = command_table[i];

        if (c->hidden)
            continue;
        fprintf(f, "  %s) _arguments", c->name);
        for (int k = 0; k < c->n_options; k++)
            zsh_option(f, &c->options[k]);
        fputs(" '--help[explain this command]'", f);
        if (c->argument_choices) {
            fputs(" '*:argument:(", f);
            words(f, c->argument_choices);
            fputs(")'", f);
        }
        fputs(";;\n", f);
    }
    fputs("esac\n", f);
}

static void fish_quoted(FILE *f, const char *s)
{
    fputc('\'', f);
    for (; *s; s++) {
        if (*s == '\'' || *s == '\\')
            fputc('\\', f);
        fputc(*s, f);
    }
    fputc('\'', f);
}

static void fish_option(FILE *f, const struct command *c, const struct cli_option *o)
{
    fprintf(f, "complete -c headroom -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->name);
    if (o->letter)
        fprintf(f, " -s %c", o->letter);
    if (o->value)
        fputs(" -r", f);
    if (o->choices && strcmp(o->choices, "@files") == 0) {
        fputs(" -F", f);
    } else if (o->choices && strcmp(o->choices, "@dirs") == 0) {
        fputs(" -a '(__fish_complete_directories)'", f);
    } else if (o->choices) {
        fputs(" -a '", f);
        words(f, o->choices);
        fputc('\'', f);
    }
    fputs(" -d ", f);
    fish_quoted(f, o->help);
    fputc('\n', f);
}

static void completion_fish(FILE *f)
{
    fputs("# fish completion; made by: headroom help --completion fish\ncomplete -c headroom -f\n"
          "complete -c headroom -l help -s h -d 'explain this command'\n",
          f);
    for (int i = 0; command_table[i]; i++) {
        const struct command *c = command_table[i];

        if (c->hidden)
            continue;
        fprintf(f, "complete -c headroom -n __fish_use_subcommand -a %s -d ", c->name);
        fish_quoted(f, c->summary);
        fputc('\n', f);
        for (int k = 0; k < c->n_options; k++)
            fish_option(f, c, &c->options[k]);
        if (c->argument_choices) {
            fprintf(f, "complete -c headroom -n '__fish_seen_subcommand_from %s' -a '", c->name);
            words(f, c->argument_choices);
            fputs("'\n", f);
        }
    }
}

int help_print_completion(FILE *f, const char *shell)
{
    static const struct {
        const char *shell;
        void (*print)(FILE *f);
    } shells[] = { { "bash", completion_bash },
                   { "zsh", completion_zsh },
                   { "fish", completion_fish } };

    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
        if (strcmp(shells[i].shell, shell) == 0) {
            shells[i].print(f);
            return 0;
        }
    return ERR_ARG;
}
