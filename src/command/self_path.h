/* self_path.h - where this program lies. */
#ifndef COMMAND_SELF_PATH_H
#define COMMAND_SELF_PATH_H

#include <stddef.h>

#include "core/err.h"

/* ERR_IO, also where the path has a space: it is taken for a command's words. */
int self_path(char *out, size_t cap, struct err *e);

#endif
