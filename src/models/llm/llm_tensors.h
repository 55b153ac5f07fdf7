/* llm_tensors.h - the tensors that a model of a configuration has in a file of a format, with their
 * names and shapes: for writing one. */
#ifndef MODELS_LLM_LLM_TENSORS_H
#define MODELS_LLM_LLM_TENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "models/format/model_file.h"
#include "models/llm/llm_config.h"
#include "models/llm/llm_names.h"

struct llm_tensor {
    enum llm_role role;
    int layer;
    bool bias; /* of the role; else its weight */
    char name[LLM_NAME_MAX];
    int n_dims;       /* 2: a matrix */
    uint64_t dims[2]; /* slowest first, as the file has them */
    size_t inputs;    /* of a matrix: the values that each output is a sum of */
};

/* *out: *n tensors in file order, owned by the caller (mem_free).  ERR_NOMEM. */
int llm_tensors_list(const struct llm_config *c, enum model_format format, struct llm_tensor **out,
                     size_t *n, struct err *e);

#endif
