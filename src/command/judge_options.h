/* judge_options.h - what every command that judges takes and loads: promises, this machine's
 * noise, and whether another machine may be compared. */
#ifndef COMMAND_JUDGE_OPTIONS_H
#define COMMAND_JUDGE_OPTIONS_H

#include "command/cli.h"
#include "judge/comparison.h"

#define JUDGE_OPTION_PROMISES                                                                  \
    {                                                                                          \
        "promises", 0, "FILE", "losses to catch that differ from warn 10 %, fail 20 % (JSON)", \
            "@files"                                                                           \
    }
#define JUDGE_OPTION_FORCE                                                                    \
    {                                                                                         \
        "force", 0, NULL, "compare runs of different machines all the same, and say so", NULL \
    }

struct judge_options {
    struct promises promises;
    struct noise noise; /* of the machine that is judged; owned */
    bool force;
};

/* `of`: a record of the machine whose noise is wanted.  What the files say; ERR_IO, ERR_FORMAT. */
int judge_options_load(const struct cli_args *a, const struct cli_env *env,
                       const struct run_record *of, struct judge_options *out, struct err *e);
void judge_options_release(struct judge_options *o);
struct verdict_rules judge_options_rules(const struct judge_options *o);

/* Print the comparison: as JSON, or as a table.  ERR_NOMEM. */
int judge_options_print(const struct comparison *c, bool json, int code, const struct cli_env *env,
                        struct err *e);

#endif
