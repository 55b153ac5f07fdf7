/* model.c - `headroom model`: files of models, looked into, made and changed. */
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/model_actions.h"
#include "json/jsonio.h"

static const struct cli_option options[] = {
    { "type", 't', "T", "synth, quantize: type of the matrices: F16, Q4_0, Q4_K, TQ2_0, ...",
      "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K TQ1_0 TQ2_0 TQ2_64" },
    { "head", 0, "T", "synth, quantize: type of the head (as llama-quantize: Q6_K or Q8_0)",
      "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K" },
    { "output", 'o', "FILE", "synth: write here (safetensors: a folder)", "@files" },
    { "format", 0, "F", "synth: gguf (the default) or safetensors", "gguf safetensors" },
    { "vocab", 0, "FILE", "synth: take the vocabulary of this GGUF file (else: bytes)", "@files" },
    { "seed", 0, "N", "synth: seed of the weights (1)", NULL },
    { "threads", 0, "N", "quantize: threads (one a core)", NULL },
    { "requantize", 0, NULL, "quantize: also what is quantised already", NULL },
    { "json", 0, NULL, "inspect: print JSON alone on standard output, with all values", NULL },
};
enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static const struct {
    const char *name;
    int words; /* arguments that it takes */
    model_action *run;
    const char *options[OPTIONS + 1];
} actions[] = {
    { "inspect", 1, model_inspect, { "json" } },
    { "synth", 1, model_synth, { "type", "head", "output", "format", "vocab", "seed" } },
    { "quantize", 2, model_quantize, { "type", "head", "threads", "requantize" } },
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

static int act(const struct cli_args *a, const struct cli_env *env, struct err *e)
{
    int rc;

    for (int i = 0; i < ACTIONS && a->n_words; i++)
        if (strcmp(a->word[0], actions[i].name) == 0) {
            TRY(check_options(a, i, e));
            if (a->n_words - 1 > actions[i].words)
                return ERR(e, ERR_ARG, "model %s: unexpected \"%.60s\"", actions[i].name,
                           a->word[1 + actions[i].words]);
            TRY(actions[i].run(a, env, a->word + 1, a->n_words - 1, e));
            return 0;
        }
    return ERR(e, ERR_ARG, "model: inspect, synth or quantize?");
out:
    return rc;
}

static int model_run(const struct cli_args *a, const struct cli_env *env)
{
    struct err e = { 0 };

    jsonio_init();
    return act(a, env, &e) < 0 ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_model = {
    .name = "model",
    .arguments = "inspect FILE | synth NAME -o FILE | quantize IN OUT",
    .summary = "look into a model's file, make one with random weights, quantise one",
    .description =
        "inspect says what a GGUF or safetensors file (or folder, or index of shards) holds: its "
        "metadata, its tensors with shapes, types and bytes, and whether this program can run it "
        "or why not.\n"
        "synth writes a model of true shape (NAME: gpt2, smollm2-135m, qwen2.5-0.5b, "
        "phi-3-mini-4k, bitnet-2b, ...) with seeded random weights, for speed and parsers where no "
        "weights are at hand; whatever shows its speed says that it is synthetic.\n"
        "quantize writes a GGUF file of a GGUF or safetensors model with its matrices in another "
        "type, the same for all (the mixes Q4_K_M and the like are llama-quantize's); a row that "
        "the type does not fit falls back as there, and so does the head.  It says how far each "
        "tensor is off.  There is no importance matrix.  Ternary types round as BitNet b1.58 is "
        "trained, which an ordinary model does not survive.",
    .options = options,
    .n_options = OPTIONS,
    .max_arguments = 3,
    .argument_choices = "inspect synth quantize",
    .run = model_run,
};
