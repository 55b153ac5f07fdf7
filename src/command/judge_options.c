/* judge_options.c - what every command that judges takes and loads. */
#include "command/judge_options.h"

#include <jansson.h>
#include <string.h>

#include "command/tty.h"
#include "report/verdict_table.h"
#include "store/noise_file.h"
#include "store/promise_file.h"
#include "store/verdict_json.h"

int judge_options_load(const struct cli_args *a, const struct cli_env *env,
                       const struct run_record *of, struct judge_options *out, struct err *e)
{
    const char *promises = cli_value(a, "promises");
    char path[1200], fingerprint[24];
    int rc = 0;

    *out = (struct judge_options){ .force = cli_flag(a, "force") };
    if (promises)
        TRY(promise_file_read(promises, &out->promises, e));
    machine_fingerprint(&of->machine, fingerprint);
    noise_file_path(env->data_dir, fingerprint, path, sizeof(path));
    TRY(noise_file_read(path, fingerprint, &out->noise, e));
out:
    return rc;
}

void judge_options_release(struct judge_options *o)
{
    noise_release(&o->noise);
}

struct verdict_rules judge_options_rules(const struct judge_options *o)
{
    return (struct verdict_rules){ .promises = &o->promises,
                                   .noise = o->noise.n_rows ? &o->noise : NULL };
}

int judge_options_print(const struct comparison *c, bool json, int code, const struct cli_env *env,
                        struct err *e)
{
    struct terminal_style style = tty_style(env);
    json_t *document;

    if (!json) {
        verdict_table_header(stdout, c, &style);
        verdict_table_rows(stdout, c, &style);
        verdict_table_sum(stdout, c, &style);
        return 0;
    }
    document = verdict_json(c, code);
    if (!document)
        return ERR(e, ERR_NOMEM, "no memory for the answer");
    json_dumpf(document, stdout, JSON_INDENT(1));
    printf("\n");
    json_decref(document);
    return 0;
}
