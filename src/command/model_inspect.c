/* model_inspect.c - `headroom model inspect FILE`. */
#include <stdio.h>

#include "command/inspection.h"
#include "command/model_actions.h"
#include "command/model_place.h"
#include "command/tty.h"

int model_inspect(const struct cli_args *a, const struct cli_env *env, const char *const *word,
                  int n_words, struct err *e)
{
    struct terminal_style style = tty_style(env);
    struct inspection x = { 0 };
    char place[MODEL_PLACE_TEXT];
    json_t *all;
    int rc;

    if (n_words < 1)
        return ERR(e, ERR_ARG, "model inspect: which file?");
    if (!env->stdout_tty)
        style.columns = 80;
    TRY(inspection_make(&x, model_place(env, word[0], place), e));
    if (!cli_flag(a, "json")) {
        inspection_print(&x, &style);
        goto out;
    }
    all = inspection_json(&x);
    if (!all) {
        rc = ERR(e, ERR_NOMEM, "%s: no memory for the answer", word[0]);
        goto out;
    }
    json_dumpf(all, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(all);
out:
    inspection_release(&x);
    return rc;
}
