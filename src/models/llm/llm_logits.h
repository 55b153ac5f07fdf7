/* llm_logits.h - what a model predicted for the tokens of a text, in a file: to hold another file
 * of the same model against it (docs/logits-file.md).
 *
 * A row is the log-probabilities of one position, 16 bits each, linear between the row's least and
 * greatest: within half a step of (greatest - least) / 65535, so about 2e-4. */
#ifndef MODELS_LLM_LLM_LOGITS_H
#define MODELS_LLM_LLM_LOGITS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* What a file is of; two can be compared when all of it agrees. */
struct llm_logits_of {
    uint32_t vocab, context;
    uint64_t rows;
    uint64_t tokens_hash; /* llm_logits_tokens_hash of the text's tokens */
};

uint64_t llm_logits_tokens_hash(const int32_t *id, size_t n);

struct llm_logits_writer;
struct llm_logits_reader;

/* The file appears under its name at commit.  One thread. */
int llm_logits_create(struct llm_logits_writer **out, const char *path,
                      const struct llm_logits_of *of, struct err *e);
/* log_p [vocab]: finite. */
int llm_logits_write(struct llm_logits_writer *w, const float *log_p, struct err *e);
/* Rows must be as many as announced. */
int llm_logits_commit(struct llm_logits_writer *w, struct err *e);
void llm_logits_writer_free(struct llm_logits_writer *w); /* without a commit: leaves no file */

/* ERR_FORMAT: no such file, cut short, or of something else than `of` (the message says what). */
int llm_logits_open(struct llm_logits_reader **out, const char *path,
                    const struct llm_logits_of *of, struct err *e);
/* The next row, log_p [vocab]. */
int llm_logits_read(struct llm_logits_reader *r, float *log_p, struct err *e);
void llm_logits_close(struct llm_logits_reader *r);

#endif
