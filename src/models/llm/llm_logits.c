/* llm_logits.c - what a model predicted for the tokens of a text, in a file. */
#include "models/llm/llm_logits.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/mem.h"

static const char magic[8] = { 'H', 'R', 'L', 'O', 'G', 'I', 'T', '1' };

enum { STEPS = 65535 };

struct header {
    char magic[8];
    uint32_t vocab, context;
    uint64_t rows, tokens_hash;
};
_Static_assert(sizeof(struct header) == 32, "the header is written as it lies in memory");

/* Of a row: log p = greatest - step * code. */
struct scale {
    float greatest, step;
};

struct llm_logits_writer {
    struct atomic_file file;
    FILE *f; /* over a duplicate of file.fd */
    const char *path;
    struct llm_logits_of of;
    uint64_t written;
    uint16_t *codes; /* [vocab] */
};

struct llm_logits_reader {
    FILE *f;
    const char *path;
    struct llm_logits_of of;
    uint16_t *codes;
};

uint64_t llm_logits_tokens_hash(const int32_t *id, size_t n)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint32_t)id[i]) * 1099511628211u;
    return h;
}

/* ---- writing ---- */

static int put(struct llm_logits_writer *w, const void *p, size_t n, struct err *e)
{
    if (fwrite(p, 1, n, w->f) != n)
        return ERR(e, ERR_IO, "%s: %s", w->path, strerror(errno));
    return 0;
}

static int start(struct llm_logits_writer *w, struct err *e)
{
    struct header h = { .vocab = w->of.vocab,
                        .context = w->of.context,
                        .rows = w->of.rows,
                        .tokens_hash = w->of.tokens_hash };
    int fd = dup(w->file.fd);

    memcpy(h.magic, magic, sizeof(magic));
    w->f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!w->f) {
        if (fd >= 0)
            close(fd);
        return ERR(e, ERR_IO, "%s: %s", w->path, strerror(errno));
    }
    return put(w, &h, sizeof(h), e);
}

int llm_logits_create(struct llm_logits_writer **out, const char *path,
                      const struct llm_logits_of *of, struct err *e)
{
    struct llm_logits_writer *w = mem_calloc(1, sizeof(*w));
    int rc = 0;

    *out = NULL;
    if (!w)
        return ERR(e, ERR_NOMEM, "%s: no memory to write it", path);
    w->file.fd = -1;
    w->path = path;
    w->of = *of;
    w->codes = mem_calloc(of->vocab, sizeof(*w->codes));
    if (!w->codes) {
        rc = ERR(e, ERR_NOMEM, "%s: no memory for a row of %u", path, of->vocab);
        goto out;
    }
    TRY(atomic_file_open(&w->file, path, e));
    TRY(start(w, e));
    *out = w;
out:
    if (rc < 0)
        llm_logits_writer_free(w);
    return rc;
}

int llm_logits_write(struct llm_logits_writer *w, const float *log_p, struct err *e)
{
    float least = log_p[0];
    struct scale s = { log_p[0], 0 };
    int rc = 0;

    for (uint32_t i = 1; i < w->of.vocab; i++) {
        least = log_p[i] < least ? log_p[i] : least;
        s.greatest = log_p[i] > s.greatest ? log_p[i] : s.greatest;
    }
    s.step = (s.greatest - least) / STEPS;
    for (uint32_t i = 0; i < w->of.vocab; i++)
        w->codes[i] =
            s.step > 0 ? (uint16_t)fminf(STEPS, roundf((s.greatest - log_p[i]) / s.step)) : 0;
    TRY(put(w, &s, sizeof(s), e));
    TRY(put(w, w->codes, w->of.vocab * sizeof(*w->codes), e));
    w->written++;
out:
    return rc;
}

int llm_logits_commit(struct llm_logits_writer *w, struct err *e)
{
    FILE *f = w->f;

    BUG_ON(w->written != w->of.rows);
    w->f = NULL;
    if (fclose(f) != 0)
        return ERR(e, ERR_IO, "%s: %s", w->path, strerror(errno));
    return atomic_file_commit(&w->file, e);
}

void llm_logits_writer_free(struct llm_logits_writer *w)
{
    if (!w)
        return;
    if (w->f)
        fclose(w->f);
    atomic_file_abandon(&w->file);
    mem_free(w->codes);
    mem_free(w);
}

/* ---- reading ---- */

static int take(struct llm_logits_reader *r, void *p, size_t n, struct err *e)
{
    if (fread(p, 1, n, r->f) == n)
        return 0;
    if (ferror(r->f))
        return ERR(e, ERR_IO, "%s: %s", r->path, strerror(errno));
    return ERR(e, ERR_FORMAT, "%s: ends in the middle of its %llu rows", r->path,
               (unsigned long long)r->of.rows);
}

static int check_header(const struct llm_logits_reader *r, const struct header *h, struct err *e)
{
    if (memcmp(h->magic, magic, sizeof(magic)) != 0)
        return ERR(e, ERR_FORMAT, "%s: no file of logits that --kl-save wrote", r->path);
    if (h->vocab != r->of.vocab)
        return ERR(e, ERR_FORMAT, "%s: logits of a vocabulary of %u; this model has %u", r->path,
                   h->vocab, r->of.vocab);
    if (h->context != r->of.context)
        return ERR(e, ERR_FORMAT, "%s: logits at a context of %u; this is %u", r->path, h->context,
                   r->of.context);
    if (h->rows != r->of.rows || h->tokens_hash != r->of.tokens_hash)
        return ERR(e, ERR_FORMAT, "%s: logits of another text, or of other tokens", r->path);
    return 0;
}

int llm_logits_open(struct llm_logits_reader **out, const char *path,
                    const struct llm_logits_of *of, struct err *e)
{
    struct llm_logits_reader *r = mem_calloc(1, sizeof(*r));
    struct header h;
    int rc = 0;

    *out = NULL;
    if (!r)
        return ERR(e, ERR_NOMEM, "%s: no memory to read it", path);
    r->path = path;
    r->of = *of;
    r->codes = mem_calloc(of->vocab, sizeof(*r->codes));
    r->f = fopen(path, "rb");
    if (!r->f) {
        rc = ERR(e, ERR_IO, "%s: %s", path, strerror(errno));
        goto out;
    }
    if (!r->codes) {
        rc = ERR(e, ERR_NOMEM, "%s: no memory for a row of %u", path, of->vocab);
        goto out;
    }
    TRY(take(r, &h, sizeof(h), e));
    TRY(check_header(r, &h, e));
    *out = r;
out:
    if (rc < 0)
        llm_logits_close(r);
    return rc;
}

int llm_logits_read(struct llm_logits_reader *r, float *log_p, struct err *e)
{
    struct scale s;
    int rc = 0;

    TRY(take(r, &s, sizeof(s), e));
    TRY(take(r, r->codes, r->of.vocab * sizeof(*r->codes), e));
    if (!isfinite(s.greatest) || !isfinite(s.step) || s.greatest > 1 || s.step < 0)
        return ERR(e, ERR_FORMAT, "%s: a row of log-probabilities up to %g in steps of %g", r->path,
                   (double)s.greatest, (double)s.step);
    for (uint32_t i = 0; i < r->of.vocab; i++)
        log_p[i] = s.greatest - s.step * (float)r->codes[i];
out:
    return rc;
}

void llm_logits_close(struct llm_logits_reader *r)
{
    if (!r)
        return;
    if (r->f)
        fclose(r->f);
    mem_free(r->codes);
    mem_free(r);
}
