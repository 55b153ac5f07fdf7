/* cli.h - the commands and their options as tables: one source for the parser, `help`, the man page
 * and the shell completions. */
#ifndef COMMAND_CLI_H
#define COMMAND_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/err.h"
#include "host/env.h"

enum exit_code {
    EXIT_FINE = 0,
    EXIT_WARNING = 1,
    EXIT_REGRESSION = 2,
    EXIT_UNCLEAR = 3,
    EXIT_INVALID = 4,
    EXIT_NO_RUN = 5,
    EXIT_USAGE = 64,
    EXIT_SIGNAL = 128
};

struct cli_option {
    const char *name;  /* without dashes */
    char letter;       /* 0: long form only */
    const char *value; /* placeholder, NULL for a flag */
    const char *help;
    const char *choices; /* words for the completion: "a b c", "@files", "@dirs", or NULL */
};

struct cli_args;

/* What main learns from outside, so that nobody below it asks the environment. */
struct cli_env {
    bool stdout_tty, stderr_tty, colour, utf8;
    const char *cache_dir;   /* of this program; may not exist yet; "" when there is no home */
    const char *data_dir;    /* the same for what must be kept: the history */
    const char *search_path; /* PATH; NULL: not set */
    const struct env_variable *variables; /* n_variables worth recording, with their values */
    int n_variables;
    volatile sig_atomic_t *stop; /* set by SIGINT, SIGTERM, SIGHUP */
    int argc;
    char **argv;
};

struct command {
    const char *name;
    const char *arguments;            /* "[NAME|GLOB|SUITE ...]" */
    const char *summary;              /* one line */
    const char *description;          /* paragraphs, for help and the man page */
    const struct cli_option *options; /* n_options */
    int n_options;
    int max_arguments;            /* -1: any number */
    const char *argument_choices; /* as cli_option.choices */
    bool hidden;                  /* not for people: left out of help */
    bool raw;                     /* its arguments are not parsed: cli_args stays empty */
    int (*run)(const struct cli_args *a, const struct cli_env *env); /* gives the exit code */
};

extern const struct command *const command_table[]; /* NULL-terminated, in help order */

enum { CLI_WORDS_MAX = 256 };
struct cli_args {
    const struct command *command;
    const char *word[CLI_WORDS_MAX]; /* n_words arguments that are not options */
    int n_words;
    int n_before_dashes; /* of them, before a "--" (all, without one) */
    struct {
        const struct cli_option *option;
        const char *value;
    } given[CLI_WORDS_MAX];
    int n_given;
    bool help; /* --help or -h: the command's help instead of the command */
};

/* Read argv[2..] for a command.  Every command takes --help and -h.  ERR_ARG with a message that
 * names the word, and the nearest option where one is near. */
int cli_parse(const struct command *c, int argc, char **argv, struct cli_args *out, struct err *e);

bool cli_flag(const struct cli_args *a, const char *name);
const char *cli_value(const struct cli_args *a, const char *name); /* the last given, or NULL */
int cli_values(const struct cli_args *a, const char *name, const char **out, int cap);

/* Every command, also the hidden ones. */
const struct command *cli_find(const char *name);

/* Say that no command has this name, with the nearest that has one; `in` is what goes before the
 * message ("help: " or "").  Gives 64. */
int cli_unknown_command(const char *in, const char *name);

/* Print "headroom: message" on stderr; gives the exit code of an error: 64 for ERR_ARG, 4 for a
 * wrong output, else 5. */
int cli_fail(const struct err *e);

/* Of two exit codes the one that counts: the first of 64, 5, 4, 2, 3, 1, 0. */
int cli_worse_code(int a, int b);

/* Finish stdout: a full disk or a closed pipe must not look like success.  Gives `code`, or 5. */
int cli_close_stdout(int code);

#endif
