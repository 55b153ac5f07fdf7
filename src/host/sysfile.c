/* sysfile.c - small files of /proc and /sys, read with errors that say what is wrong. */
#include "host/sysfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

enum { SYSFILE_MAX = 16 << 20, SYSFILE_CHUNK = 16 << 10 };

int sysfile_path(char *buf, size_t cap, const char *root, const char *path, struct err *e)
{
    int n = snprintf(buf, cap, "%s%s", root, path);

    if (n < 0 || (size_t)n >= cap)
        return ERR(e, ERR_ARG, "%.100s...: path is too long", path);
    return 0;
}

static int open_file(const char *root, const char *path, int *fd, struct err *e)
{
    char full[SYSFILE_PATH];
    int rc = sysfile_path(full, sizeof(full), root, path, e);

    if (rc < 0)
        return rc;
    *fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd >= 0)
        return 0;
    if (errno == ENOENT || errno == ENOTDIR)
        return ERR(e, ERR_NOTSUP, "%s: absent", path);
    return ERR(e, ERR_IO, "%s: %s", path, strerror(errno));
}

/* Fill buf up to cap bytes or the end of the file; files of /proc may come in pieces. */
static int read_some(int fd, const char *path, char *buf, size_t cap, size_t *got, struct err *e)
{
    *got = 0;
    while (*got < cap) {
        ssize_t n = read(fd, buf + *got, cap - *got);

        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR(e, ERR_IO, "%s: %s", path, strerror(errno));
        *got += (size_t)n;
    }
    return 0;
}

static void trim_end(char *s, size_t n)
{
    while (n > 0 && strchr(" \t\r\n", s[n - 1]))
        n--;
    s[n] = '\0';
}

int sysfile_read(const char *root, const char *path, char *buf, size_t cap, struct err *e)
{
    int rc = 0, fd = -1;
    size_t n = 0;

    BUG_ON(cap == 0);
    buf[0] = '\0';
    TRY(open_file(root, path, &fd, e));
    TRY(read_some(fd, path, buf, cap - 1, &n, e));
    trim_end(buf, n);
out:
    if (fd >= 0)
        close(fd);
    if (rc < 0)
        buf[0] = '\0';
    return rc;
}

int sysfile_slurp(const char *root, const char *path, char **out, struct err *e)
{
    int rc = 0, fd = -1;
    char *text = NULL;
    size_t n = 0, cap = 0, got = 0;

    *out = NULL;
    TRY(open_file(root, path, &fd, e));
    do {
        char *grown;

        if (n >= SYSFILE_MAX) {
            rc = ERR(e, ERR_FORMAT, "%s: longer than 16 MiB", path);
            goto out;
        }
        cap = cap ? cap * 2 : SYSFILE_CHUNK;
        grown = mem_realloc(text, cap + 1, 1);
        if (!grown) {
            rc = ERR(e, ERR_NOMEM, "%s: no memory for its %zu bytes", path, cap);
            goto out;
        }
        text = grown;
        TRY(read_some(fd, path, text + n, cap - n, &got, e));
        n += got;
    } while (n == cap);
    text[n] = '\0';
    *out = text;
    text = NULL;
out:
    mem_free(text);
    if (fd >= 0)
        close(fd);
    return rc;
}

int sysfile_parse_int(const char *text, int64_t *out, const char **end)
{
    char *stop;
    long long v;

    while (*text == ' ' || *text == '\t')
        text++;
    errno = 0;
    v = strtoll(text, &stop, 10);
    if (stop == text || errno != 0)
        return ERR_FORMAT;
    *out = v;
    if (end)
        *end = stop;
    return 0;
}

static int parse_whole(const char *path, const char *text, int64_t *out, struct err *e)
{
    const char *end;

    if (sysfile_parse_int(text, out, &end) < 0 || *end != '\0')
        return ERR(e, ERR_FORMAT, "%s: \"%.40s\" is not a number", path, text);
    return 0;
}

int sysfile_int(const char *root, const char *path, int64_t *out, struct err *e)
{
    char text[64];
    int rc = sysfile_read(root, path, text, sizeof(text), e);

    return rc < 0 ? rc : parse_whole(path, text, out, e);
}

int sysfile_readf(const char *root, char *buf, size_t cap, struct err *e, const char *fmt, ...)
{
    char path[SYSFILE_PATH];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    return sysfile_read(root, path, buf, cap, e);
}

int sysfile_intf(const char *root, int64_t *out, struct err *e, const char *fmt, ...)
{
    char path[SYSFILE_PATH];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    return sysfile_int(root, path, out, e);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

int sysfile_names(const char *root, const char *path, char (*names)[SYSFILE_NAME], int cap, int *n,
                  struct err *e)
{
    char full[SYSFILE_PATH];
    struct dirent *entry;
    DIR *d;
    int rc = sysfile_path(full, sizeof(full), root, path, e);

    *n = 0;
    if (rc < 0)
        return rc;
    d = opendir(full);
    if (!d && (errno == ENOENT || errno == ENOTDIR))
        return ERR(e, ERR_NOTSUP, "%s: absent", path);
    if (!d)
        return ERR(e, ERR_IO, "%s: %s", path, strerror(errno));
    while (*n < cap && (entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.')
            snprintf(names[(*n)++], SYSFILE_NAME, "%.63s", entry->d_name);
    closedir(d);
    qsort(names, (size_t)*n, SYSFILE_NAME, by_name);
    return 0;
}

int sysfile_cpulist(const char *text, int *out, int cap, int *n, const char *what, struct err *e)
{
    const char *p = text;

    *n = 0;
    while (*p && *p != '\n') {
        int64_t lo, hi;

        if (sysfile_parse_int(p, &lo, &p) < 0)
            goto bad;
        hi = lo;
        if (*p == '-' && sysfile_parse_int(p + 1, &hi, &p) < 0)
            goto bad;
        if (lo < 0 || hi < lo || hi > 1 << 20)
            goto bad;
        for (int64_t i = lo; i <= hi; i++, (*n)++)
            if (*n < cap)
                out[*n] = (int)i;
        if (*p == ',')
            p++;
        else if (*p && *p != '\n')
            goto bad;
    }
    return 0;
bad:
    *n = 0;
    return ERR(e, ERR_FORMAT, "%s: \"%.40s\" is not a list of numbers", what, text);
}

const char *sysfile_field(const char *text, const char *key)
{
    size_t len = strlen(key);
    bool colon = len > 0 && key[len - 1] != ' ';

    for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
        const char *q = p + len;

        if (strncmp(p, key, len) != 0)
            continue;
        q += strspn(q, " \t");
        if (colon && *q++ != ':')
            continue;
        return q + strspn(q, " \t");
    }
    return NULL;
}

int sysfile_field_text(const char *text, const char *key, char *buf, size_t cap)
{
    const char *v = sysfile_field(text, key);
    size_t n;

    buf[0] = '\0';
    if (!v)
        return ERR_NOTSUP;
    n = strcspn(v, "\n");
    if (n >= cap)
        n = cap - 1;
    memcpy(buf, v, n);
    trim_end(buf, n);
    return 0;
}

int sysfile_field_int(const char *text, const char *key, int64_t *out)
{
    const char *v = sysfile_field(text, key);

    if (!v)
        return ERR_NOTSUP;
    return sysfile_parse_int(v, out, NULL);
}

bool sysfile_has_word(const char *line, const char *word)
{
    size_t len = strlen(word), n;

    for (; line && *line && *line != '\n'; line += n) {
        line += strspn(line, " \t");
        n = strcspn(line, " \t\n");
        if (n == len && strncmp(line, word, n) == 0)
            return true;
    }
    return false;
}
