/* err.h - the one way to fail.
 *
 * A fallible function returns 0 or a negative ERR_* and takes `struct err *e` last.  The first
 * failure wins: a later ERR() on the same struct keeps the message that is already there.  The
 * message is for the user and complete as it stands; `where` is for us.  `e` may be NULL. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

enum {
    ERR_OK = 0,
    ERR_NOMEM = -1,     /* host or device memory: "does not fit" is a result, not a crash */
    ERR_IO = -2,        /* the operating system said no */
    ERR_FORMAT = -3,    /* a file or message is not what it claims to be */
    ERR_ARG = -4,       /* the user asked for something that makes no sense */
    ERR_NOTSUP = -5,    /* this machine or build cannot do it: the row is skipped */
    ERR_CUDA = -6,      /* a device failed: the rest of its rows move to a fresh process */
    ERR_MISMATCH = -7,  /* an output differs from its reference */
    ERR_TIMEOUT = -8,   /* something took longer than its bound */
    ERR_BUSY = -9,      /* another run holds the machine */
    ERR_INTERRUPT = -10 /* a signal asked us to stop */
};

struct err {
    int code;          /* 0 while nothing has failed */
    const char *where; /* "file.c:123", static */
    char msg[240];
};

#define ERR_STR2(x) #x
#define ERR_STR(x)  ERR_STR2(x)

/* Record a failure and give back its code: `return ERR(e, ERR_IO, "%s: %s", path, why);` */
#define ERR(e, code, ...) err_set((e), (code), __FILE_NAME__ ":" ERR_STR(__LINE__), __VA_ARGS__)

/* rc = expr; on failure go to `out`, the single exit of every function that uses it. */
#define TRY(expr)     \
    do {              \
        rc = (expr);  \
        if (rc < 0)   \
            goto out; \
    } while (0)

/* Our own bug: on in every build, prints the condition and aborts. */
#define BUG_ON(cond)                                 \
    do {                                             \
        if (__builtin_expect(!!(cond), 0))           \
            err_bug(#cond, __FILE_NAME__, __LINE__); \
    } while (0)

#ifdef __cplusplus /* CUDA sources report errors too */
extern "C" {
#endif

int err_set(struct err *e, int code, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void err_bug(const char *cond, const char *file, int line) __attribute__((noreturn));

/* "out of memory", "input/output error", ...: static, for every ERR_*. */
const char *err_name(int code);

#ifdef __cplusplus
}
#endif

#endif
