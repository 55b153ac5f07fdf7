/* env_facts.h - facts straight from files: the value, or null with what is wrong with the file. */
#ifndef HOST_ENV_FACTS_H
#define HOST_ENV_FACTS_H

#include "core/facts.h"

/* The file's text. */
void env_facts_text(struct facts *fs, const char *key, const char *root, const char *path);

/* The file's integer times `scale`; a scale of 1 keeps it an integer. */
void env_facts_number(struct facts *fs, const char *key, const char *root, const char *path,
                      double scale);

/* true when the file's integer is not 0. */
void env_facts_bool(struct facts *fs, const char *key, const char *root, const char *path);

/* The word in brackets, as in "always [madvise] never"; text without brackets as it is. */
void env_facts_choice(struct facts *fs, const char *key, const char *root, const char *path);

/* An integer when it is >= 0, else null with the reason. */
void env_facts_known(struct facts *fs, const char *key, int64_t value, const char *reason);

#endif
