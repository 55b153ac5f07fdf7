/* env_facts.c - facts straight from files. */
#include "host/env_facts.h"

#include <string.h>

#include "core/err.h"
#include "host/sysfile.h"

enum { TEXT = 512 };

static bool read_text(struct facts *fs, const char *key, const char *root, const char *path,
                      char text[TEXT])
{
    struct err e = { 0 };

    if (sysfile_read(root, path, text, TEXT, &e) == 0 && text[0] != '\0')
        return true;
    facts_null(fs, key, "%s%s", e.code ? e.msg : path, e.code ? "" : ": empty");
    return false;
}

void env_facts_text(struct facts *fs, const char *key, const char *root, const char *path)
{
    char text[TEXT];

    if (read_text(fs, key, root, path, text))
        facts_text(fs, key, text);
}

void env_facts_number(struct facts *fs, const char *key, const char *root, const char *path,
                      double scale)
{
    struct err e = { 0 };
    int64_t v;

    if (sysfile_int(root, path, &v, &e) < 0)
        facts_null(fs, key, "%s", e.msg);
    else if (scale == 1)
        facts_int(fs, key, v);
    else
        facts_real(fs, key, (double)v * scale);
}

void env_facts_bool(struct facts *fs, const char *key, const char *root, const char *path)
{
    struct err e = { 0 };
    int64_t v;

    if (sysfile_int(root, path, &v, &e) < 0)
        facts_null(fs, key, "%s", e.msg);
    else
        facts_bool(fs, key, v != 0);
}

void env_facts_choice(struct facts *fs, const char *key, const char *root, const char *path)
{
    char text[TEXT], *open, *close;

    if (!read_text(fs, key, root, path, text))
        return;
    open = strchr(text, '[');
    close = open ? strchr(open, ']') : NULL;
    if (close)
        *close = '\0';
    facts_text(fs, key, close ? open + 1 : text);
}

void env_facts_known(struct facts *fs, const char *key, int64_t value, const char *reason)
{
    if (value >= 0)
        facts_int(fs, key, value);
    else
        facts_null(fs, key, "%s", reason);
}
