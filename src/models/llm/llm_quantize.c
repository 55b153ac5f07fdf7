/* llm_quantize.c - a model's weights in another type, tensor by tensor, on all cores. */
#include "models/llm/llm_quantize.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mem.h"
#include "core/pool.h"
#include "host/cpu.h"
#include "models/format/model_writer.h"
#include "models/llm/llm_gguf.h"
#include "models/llm/llm_source.h"
#include "models/llm/llm_vocab.h"

enum { SLAB = 1 << 20, THREADS_MAX = 256 }; /* values a thread works on at a time */

/* A thread's own. */
struct lane {
    float *x, *y; /* owned, slab_rows rows */
    double square, error, magnitude;
    float smallest, largest; /* magnitude of what is not 0 */
    bool bad;
};

struct job {
    const struct llm_quantize *q;
    struct llm_source source;
    struct model_writer *w;
    enum dtype *to; /* owned, of each tensor */
    struct pool *pool;
    struct lane lane[THREADS_MAX];
    int n_lanes;
    uint8_t *bytes; /* owned: what the lanes have encoded */
    struct err *e;

    /* Of the tensor that is being worked on. */
    const struct llm_source_tensor *t;
    enum dtype type;
    size_t cols, first, rows; /* of a slab: rows first .. first + rows - 1 */
    float unit;               /* not 0: values become -1, 0, 1 times this */
};

/* ---- what the lanes do ---- */

static void share(const struct job *j, int thread, size_t *from, size_t *to)
{
    size_t n = (size_t)j->n_lanes, i = (size_t)thread;

    *from = j->first + j->rows * i / n;
    *to = j->first + j->rows * (i + 1) / n;
}

static void survey(struct lane *l, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float a = fabsf(l->x[i]);

        l->bad |= !isfinite(a);
        l->square += (double)a * (double)a;
        l->magnitude += (double)a;
        l->largest = a > l->largest ? a : l->largest;
        if (a > 0 && a < l->smallest)
            l->smallest = a;
    }
}

static void survey_rows(void *self, int thread)
{
    struct job *j = self;
    size_t from, to;

    share(j, thread, &from, &to);
    llm_source_rows(j->t, from, to, j->lane[thread].x);
    survey(&j->lane[thread], (to - from) * j->cols);
}

/* To the nearest of -unit, 0, unit. */
static void round_ternary(float *x, size_t n, float unit)
{
    for (size_t i = 0; i < n; i++)
        x[i] = fabsf(x[i]) < unit / 2 ? 0 : copysignf(unit, x[i]);
}

static void encode_rows(void *self, int thread)
{
    struct job *j = self;
    struct lane *l = &j->lane[thread];
    size_t from, to, n;
    uint8_t *out;

    share(j, thread, &from, &to);
    n = (to - from) * j->cols;
    out = j->bytes + (from - j->first) * dtype_row_bytes(j->type, j->cols);
    llm_source_rows(j->t, from, to, l->x);
    if (j->unit > 0) {
        memcpy(l->y, l->x, n * sizeof(*l->x));
        round_ternary(l->y, n, j->unit);
        dtype_from_f32(j->type, l->y, out, n);
    } else {
        dtype_from_f32(j->type, l->x, out, n);
    }
    survey(l, n);
    l->bad |= !dtype_valid(j->type, out, n);
    dtype_to_f32(j->type, out, l->y, n);
    for (size_t i = 0; i < n; i++) {
        double d = (double)l->y[i] - (double)l->x[i];

        l->error += d * d;
    }
}

/* ---- a tensor ---- */

static void clear_lanes(struct job *j)
{
    for (int i = 0; i < j->n_lanes; i++) {
        struct lane *l = &j->lane[i];

        *l = (struct lane){ .x = l->x, .y = l->y, .smallest = INFINITY };
    }
}

static struct lane sum_lanes(const struct job *j)
{
    struct lane sum = { .smallest = INFINITY };

    for (int i = 0; i < j->n_lanes; i++) {
        const struct lane *l = &j->lane[i];

        sum.square += l->square;
        sum.error += l->error;
        sum.magnitude += l->magnitude;
        sum.largest = l->largest > sum.largest ? l->largest : sum.largest;
        sum.smallest = l->smallest < sum.smallest ? l->smallest : sum.smallest;
        sum.bad |= l->bad;
    }
    return sum;
}

/* All slabs of the tensor through `work`; write: what they have encoded goes to the file. */
static int each_slab(struct job *j, void (*work)(void *self, int thread), bool write)
{
    size_t rows = llm_source_row_count(j->t), row_bytes = dtype_row_bytes(j->type, j->cols);
    size_t at_once = SLAB / j->cols;
    int rc = 0;

    at_once = (at_once > 0 ? at_once : 1) * (size_t)j->n_lanes;
    clear_lanes(j);
    for (j->first = 0; j->first < rows; j->first += j->rows) {
        j->rows = rows - j->first < at_once ? rows - j->first : at_once;
        pool_run(j->pool, work, j);
        if (write)
            TRY(model_writer_write(j->w, j->bytes, j->rows * row_bytes, j->e));
    }
out:
    return rc;
}

/* The scale of a ternary tensor: what it has already, or the mean magnitude. */
static int find_unit(struct job *j)
{
    struct lane sum;
    size_t n = llm_source_row_count(j->t) * j->cols;
    int rc;

    j->unit = 0;
    if (!dtype_info(j->type)->ternary)
        return 0;
    TRY(each_slab(j, survey_rows, false));
    sum = sum_lanes(j);
    /* Ternary files hold scales in F16: one tensor's may differ by their rounding. */
    if (sum.largest > 0 && sum.smallest < sum.largest * (1 - 0x1p-10F))
        j->unit = (float)(sum.magnitude / (double)n);
out:
    return rc;
}

static int bad_weight(const struct job *j)
{
    return ERR(j->e, ERR_FORMAT,
               "%s: tensor %.60s has a weight that is NaN, infinite or too large for %s",
               model_file_path(j->q->in), j->t->in ? j->t->in->name : j->t->as.name,
               dtype_info(j->type)->name);
}

static int encode(struct job *j, struct llm_quantized *out)
{
    double n = (double)(llm_source_row_count(j->t) * j->cols);
    struct lane sum;
    int rc;

    TRY(find_unit(j));
    TRY(each_slab(j, encode_rows, true));
    sum = sum_lanes(j);
    if (sum.bad)
        return bad_weight(j);
    out->rmse = sqrt(sum.error / n);
    out->rms = sqrt(sum.square / n);
out:
    return rc;
}

/* The bytes are used as they lie. */
static bool copies(const struct llm_source_tensor *t, enum dtype to)
{
    return t->in && !t->turned && t->pair_heads == 0 && t->in->dtype == to;
}

static int write_tensor(struct job *j, size_t i)
{
    const struct llm_source_tensor *t = &j->source.tensor[i];
    struct llm_quantized done = { .name = t->known ? t->as.name : t->in->name,
                                  .from = t->in ? t->in->dtype : DTYPE_F32,
                                  .to = j->to[i],
                                  .rmse = NAN,
                                  .rms = NAN };
    int rc = 0;

    done.bytes_before = t->in ? t->in->bytes : 0;
    if (copies(t, j->to[i])) {
        done.bytes = t->in->bytes;
        TRY(model_writer_write(j->w, t->in->data, t->in->bytes, j->e));
    } else {
        j->t = t;
        j->type = j->to[i];
        j->cols = llm_source_cols(t);
        done.bytes = llm_source_row_count(t) * dtype_row_bytes(j->type, j->cols);
        TRY(encode(j, &done));
    }
    if (j->q->done)
        j->q->done(j->q->self, &done);
out:
    return rc;
}

/* ---- the model ---- */

static bool is_matrix(const struct llm_source_tensor *t)
{
    return t->known && t->as.n_dims == 2 && t->as.role != LLM_POS;
}

static int choose_type(struct job *j, const struct llm_source_tensor *t, enum dtype *to)
{
    enum dtype from = t->in ? t->in->dtype : DTYPE_F32;
    size_t cols;

    if (!is_matrix(t)) {
        *to = t->known && dtype_info(from)->block == 1 ? DTYPE_F32 : from;
        return 0;
    }
    cols = llm_source_cols(t);
    if (t->as.role == LLM_HEAD || (t->as.role == LLM_EMBED && j->source.c.tied))
        *to = j->q->head_given ? llm_quantize_fallback(j->q->head, cols)
                               : llm_quantize_head(j->q->dtype, cols);
    else
        *to = llm_quantize_fallback(j->q->dtype, cols);
    if (t->in && dtype_info(from)->block > 1 && *to != from && !j->q->requantize)
        return ERR(j->e, ERR_ARG,
                   "%s: tensor %.60s is %s already; --requantize takes it to %s all the same, with "
                   "the errors of both",
                   model_file_path(j->q->in), t->in->name, dtype_info(from)->name,
                   dtype_info(*to)->name);
    return 0;
}

static int announce(struct job *j)
{
    int rc = 0;

    j->to = mem_calloc(j->source.n, sizeof(*j->to));
    if (!j->to)
        return ERR(j->e, ERR_NOMEM, "%s: no memory for its tensors", model_file_path(j->q->in));
    for (size_t i = 0; i < j->source.n; i++) {
        const struct llm_source_tensor *t = &j->source.tensor[i];

        TRY(choose_type(j, t, &j->to[i]));
        if (t->known)
            TRY(model_writer_tensor(j->w, t->as.name, j->to[i], t->as.n_dims, t->as.dims, j->e));
        else
            TRY(model_writer_tensor(j->w, t->in->name, j->to[i], t->in->n_dims, t->in->dims, j->e));
    }
out:
    return rc;
}

static bool span_is(struct span s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* GGUF: every key but those that say the type. */
static int copy_keys(const struct job *j)
{
    int rc = 0;

    for (size_t i = 0; i < model_file_keys(j->q->in); i++) {
        enum gguf_type type;
        struct span key = model_file_key(j->q->in, i, &type);

        if (!span_is(key, "general.file_type") && !span_is(key, "general.quantization_version"))
            TRY(model_writer_copy(j->w, j->q->in, i, j->e));
    }
out:
    return rc;
}

static int put_metadata(const struct job *j)
{
    int rc;

    if (model_file_format(j->q->in) == MODEL_GGUF) {
        TRY(copy_keys(j));
    } else {
        TRY(llm_gguf_put_config(j->w, &j->source.c, j->e));
        if (model_file_synthetic(j->q->in))
            TRY(model_writer_bool(j->w, MODEL_SYNTHETIC_KEY, true, j->e));
        TRY(llm_vocab_convert(j->w, j->q->in, j->source.c.vocab, j->e));
    }
    TRY(llm_gguf_put_type(j->w, j->q->dtype, j->e));
out:
    return rc;
}

static size_t widest(const struct llm_source *s)
{
    size_t cols = 1;

    for (size_t i = 0; i < s->n; i++)
        if (s->tensor[i].known && llm_source_cols(&s->tensor[i]) > cols)
            cols = llm_source_cols(&s->tensor[i]);
    return cols;
}

static int make_lanes(struct job *j)
{
    size_t cols = widest(&j->source), values = cols > SLAB ? cols : SLAB;
    int threads = j->q->threads > 0 ? j->q->threads : cpu_here()->n_cores_all;
    int rc;

    j->n_lanes = threads < THREADS_MAX ? threads : THREADS_MAX;
    TRY(pool_new(&j->pool, j->n_lanes, NULL, j->e));
    j->bytes = mem_calloc((size_t)j->n_lanes * values, sizeof(float));
    for (int i = 0; i < j->n_lanes; i++) {
        /* A share of rows is never more than a slab, rounded up to a row. */
        j->lane[i].x = mem_calloc(values + cols, sizeof(float));
        j->lane[i].y = mem_calloc(values + cols, sizeof(float));
        if (!j->bytes || !j->lane[i].x || !j->lane[i].y)
            return ERR(j->e, ERR_NOMEM, "no memory to quantise with %d threads", j->n_lanes);
    }
out:
    return rc;
}

/* Is the output a file of the input, by another name or link? */
static int check_output(const struct model_file *in, const char *path, struct err *e)
{
    struct stat a, b;

    if (stat(path, &a) == 0 && stat(model_file_path(in), &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        return ERR(e, ERR_ARG, "%s is the model that is read: write to another file", path);
    return 0;
}

/* Into the file `path`, or (NULL) into memory. */
static int quantize(const struct llm_quantize *q, const char *path, void **bytes, size_t *n,
                    struct err *e)
{
    struct job *j = mem_calloc(1, sizeof(*j));
    int rc = 0;

    if (!j)
        return ERR(e, ERR_NOMEM, "no memory to quantise a model");
    j->q = q;
    j->e = e;
    if (path)
        TRY(check_output(q->in, path, e));
    TRY(llm_source_open(&j->source, q->in, e));
    TRY(model_writer_new(&j->w, MODEL_GGUF, e));
    TRY(put_metadata(j));
    TRY(announce(j));
    TRY(make_lanes(j));
    if (path)
        TRY(model_writer_begin(j->w, path, e));
    else
        TRY(model_writer_begin_memory(j->w, e));
    for (size_t i = 0; i < j->source.n; i++)
        TRY(write_tensor(j, i));
    TRY(model_file_check(q->in, e));
    if (path)
        TRY(model_writer_commit(j->w, e));
    else
        TRY(model_writer_take(j->w, bytes, n, e));
out:
    model_writer_free(j->w);
    pool_free(j->pool);
    llm_source_release(&j->source);
    for (int i = 0; i < j->n_lanes; i++) {
        mem_free(j->lane[i].x);
        mem_free(j->lane[i].y);
    }
    mem_free(j->bytes);
    mem_free(j->to);
    mem_free(j);
    return rc;
}

int llm_quantize_write(const struct llm_quantize *q, const char *path, struct err *e)
{
    return quantize(q, path, NULL, NULL, e);
}

int llm_quantize_memory(const struct llm_quantize *q, void **bytes, size_t *n, struct err *e)
{
    return quantize(q, NULL, bytes, n, e);
}
