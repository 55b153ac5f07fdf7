/* err.c - the one way to fail. */
#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int err_set(struct err *e, int code, const char *where, const char *fmt, ...)
{
    va_list ap;

    if (!e || e->code)
        return code;
    e->code = code;
    e->where = where;
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
    va_end(ap);
    return code;
}

void err_bug(const char *cond, const char *file, int line)
{
    fprintf(stderr, "headroom: bug at %s:%d: %s\n", file, line, cond);
    abort();
}

const char *err_name(int code)
{
    switch (code) {
    case ERR_OK: return "no error";
    case ERR_NOMEM: return "out of memory";
    case ERR_IO: return "input/output error";
    case ERR_FORMAT: return "bad format";
    case ERR_ARG: return "bad argument";
    case ERR_NOTSUP: return "not supported here";
    case ERR_CUDA: return "device error";
    case ERR_MISMATCH: return "wrong output";
    case ERR_TIMEOUT: return "timed out";
    case ERR_BUSY: return "busy";
    case ERR_INTERRUPT: return "interrupted";
    default: return "unknown error";
    }
}
