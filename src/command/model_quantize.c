/* model_quantize.c - `headroom model quantize`: a model's weights in another type. */
#include <math.h>
#include <stdio.h>

#include "command/model_actions.h"
#include "core/axis.h"
#include "core/size.h"
#include "models/llm/llm_quantize.h"

struct summary {
    uint64_t bytes, bytes_before;
    int encoded, copied;
};

/* One line a tensor: what it was and is, how large, and how far off. */
static void show(void *self, const struct llm_quantized *t)
{
    struct summary *s = self;
    char size[SIZE_TEXT];

    s->bytes += t->bytes;
    s->bytes_before += t->bytes_before;
    if (isnan(t->rmse)) {
        s->copied++;
        return;
    }
    s->encoded++;
    printf("%-28s %6s -> %-6s %10s  RMSE %.3g", t->name, dtype_info(t->from)->name,
           dtype_info(t->to)->name, size_text(size, t->bytes), t->rmse);
    if (t->rms > 0)
        printf(" (%.2f %%)", 100 * t->rmse / t->rms);
    printf("\n");
}

static int read_options(const struct cli_args *a, struct llm_quantize *q, struct err *e)
{
    const char *type = cli_value(a, "type"), *head = cli_value(a, "head");
    const char *threads = cli_value(a, "threads");
    int64_t n = 0;
    int rc;

    if (!type)
        return ERR(e, ERR_ARG, "model quantize: to which type?  (--type Q4_0, Q8_0, ...)");
    TRY(dtype_parse(type, &q->dtype, e));
    q->head_given = head != NULL;
    if (head)
        TRY(dtype_parse(head, &q->head, e));
    if (threads)
        TRY(parse_int(threads, 1, 256, "--threads", &n, e));
    q->threads = (int)n;
    q->requantize = cli_flag(a, "requantize");
out:
    return rc;
}

int model_quantize(const struct cli_args *a, const struct cli_env *env, const char *const *word,
                   int n_words, struct err *e)
{
    char before[SIZE_TEXT], after[SIZE_TEXT];
    struct summary s = { 0 };
    struct llm_quantize q = { .done = show, .self = &s };
    struct model_file *in = NULL;
    int rc;

    (void)env;
    if (n_words < 2)
        return ERR(e, ERR_ARG, "model quantize: from which file, into which?");
    TRY(read_options(a, &q, e));
    TRY(model_file_open(&in, word[0], e));
    q.in = in;
    TRY(llm_quantize_write(&q, word[1], e));
    printf("%s: %d tensors encoded, %d as they were, %s -> %s\n", word[1], s.encoded, s.copied,
           size_text(before, s.bytes_before), size_text(after, s.bytes));
out:
    model_file_close(in);
    return rc;
}
