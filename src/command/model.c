/* model.c - `headroom model`: files of models, looked into, made and changed. */
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/model_actions.h"
#include "json/jsonio.h"

static const struct cli_option options[] = {
    { "type", 't', "T", "synth: type of the matrices: F16, Q4_0, Q4_K, TQ2_0, ...",
      "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K TQ1_0 TQ2_0 TQ2_64" },
    { "head", 0, "T", "synth: type of the head (as llama-quantize: Q6_K or Q8_0)",
      "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K" },
    { "output", 'o', "FILE", "synth: write here (safetensors: a folder)", "@files" },
    { "format", 0, "F", "synth: gguf (the default) or safetensors", "gguf safetensors" },
    { "vocab", 0, "FILE", "synth: take the vocabulary of this GGUF file (else: bytes)", "@files" },
    { "seed", 0, "N", "synth: seed of the weights (1)", NULL },
};
enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static const struct {
    const char *name;
    int words; /* arguments that it takes */
    int (*run)(const struct cli_args *a, const char *const *word, int n_words, struct err *e);
    const char *options[OPTIONS + 1];
} actions[] = {
    { "synth", 1, model_synth, { "type", "head", "output", "format", "vocab", "seed" } },
};
enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

/* An option of another action is no option of this one. */
static int check_options(const struct cli_args *a, int action, struct err *e)
{
    for (int i = 0; i < a->n_given; i++) {
        const char *given = a->given[i].option->name;
        bool known = false;

        for (int k = 0; actions[action].options[k] && !known; k++)
            known = strcmp(actions[action].options[k], given) == 0;
        if (!known)
            return ERR(e, ERR_ARG, "model %s: no option --%s (see headroom help model)",
                       actions[action].name, given);
    }
    return 0;
}

static int act(const struct cli_args *a, struct err *e)
{
    int rc;

    for (int i = 0; i < ACTIONS && a->n_words; i++)
        if (strcmp(a->word[0], actions[i].name) == 0) {
            TRY(check_options(a, i, e));
            if (a->n_words - 1 > actions[i].words)
                return ERR(e, ERR_ARG, "model %s: unexpected \"%.60s\"", actions[i].name,
                           a->word[1 + actions[i].words]);
            TRY(actions[i].run(a, a->word + 1, a->n_words - 1, e));
            return 0;
        }
    return ERR(e, ERR_ARG, "model: synth?");
out:
    return rc;
}

static int model_run(const struct cli_args *a, const struct cli_env *env)
{
    struct err e = { 0 };

    (void)env;
    jsonio_init();
    return act(a, &e) < 0 ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_model = {
    .name = "model",
    .arguments = "synth NAME -o FILE",
    .summary = "make a model with random weights",
    .description =
        "synth writes a model of true shape (NAME: gpt2, smollm2-135m, qwen2.5-0.5b, "
        "phi-3-mini-4k, bitnet-2b, ...) with seeded random weights, for speed and parsers where no "
        "weights are at hand; whatever shows its speed says that it is synthetic.",
    .options = options,
    .n_options = OPTIONS,
    .max_arguments = 2,
    .argument_choices = "synth",
    .run = model_run,
};
