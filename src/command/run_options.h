/* run_options.h - what the user asked of `run`, read and checked before anything is touched. */
#ifndef COMMAND_RUN_OPTIONS_H
#define COMMAND_RUN_OPTIONS_H

#include "command/cli.h"
#include "core/plan.h"

enum { RUN_LAUNCHER_WORDS = 30 };

struct run_options {
    const char *set[CLI_WORDS_MAX];
    int n_set;
    const char *device;
    const char *dir;
    const char *models; /* NULL: the usual place */
    const char *output; /* NULL: headroom-UTC.json, or none with json */
    const char *store;  /* NULL: the usual place */
    bool json, dry_run, no_store;
    double seconds; /* 0: as planned */
    double wait_s;
    double target; /* relative half-width */
    int repeat;
    uint64_t seed;
    char launcher_text[1024];
    const char *launcher[RUN_LAUNCHER_WORDS + 1]; /* words of launcher_text; [0] NULL: none */
};

enum { RUN_OPTIONS = 15 };
extern const struct cli_option run_option_table[RUN_OPTIONS];

/* Is this a folder for `option` ("--dir")?  ERR_IO names the folder and what is wrong with it;
 * ERR_ARG when it is empty. */
int run_options_check_dir(const char *option, const char *text, struct err *e);

/* ERR_ARG with a message for each way to be wrong; ERR_IO where --dir cannot be used. */
int run_options_read(const struct cli_args *a, struct run_options *o, struct err *e);

#endif
