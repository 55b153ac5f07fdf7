/* generate_input.h - what the user asked of `generate`: options, and the prompt's bytes. */
#ifndef COMMAND_GENERATE_INPUT_H
#define COMMAND_GENERATE_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "command/cli.h"
#include "models/llm/llm_sampler.h"

enum { GENERATE_OPTIONS = 20, GENERATE_STOPS_MAX = 32 };
extern const struct cli_option generate_option_table[GENERATE_OPTIONS];

struct generate_input {
    const char *model;
    char *prompt; /* n bytes and a NUL, owned */
    size_t n;
    const char *system; /* NULL: none */
    bool chat, stats, ignore_eos, dry_run;
    size_t max_tokens;
    int threads, context; /* 0: chosen */
    struct llm_sampler_options sampler;
    const char *stop[GENERATE_STOPS_MAX];
    int n_stop;
    char *unescaped[GENERATE_STOPS_MAX + 1]; /* owned: what -e made of stop strings and system */
};

/* ERR_ARG names the option, ERR_IO the file. */
int generate_input_read(const struct cli_args *a, struct generate_input *in, struct err *e);
void generate_input_release(struct generate_input *in);

/* \n \t \r \\ \" \' \0 \xHH \uHHHH \UHHHHHHHH in place, *n bytes with a NUL behind them;
 * ERR_ARG for anything else behind a backslash. */
int generate_unescape(char *text, size_t *n, struct err *e);

#endif
