/* kernel_name.c - a kernel's name as a person knows it. */
#include "gpu/kernel_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* <source-name> of the ABI: a length and so many letters.  NULL: there is none here. */
static const char *read_source_name(const char **at, size_t *length)
{
    const char *p = *at;
    size_t n = 0;

    while (isdigit((unsigned char)*p) && n < 10000)
        n = 10 * n + (size_t)(*p++ - '0');
    if (n == 0 || strnlen(p, n) < n)
        return NULL;
    *at = p + n;
    *length = n;
    return p;
}

static bool unnamed(const char *name, size_t length)
{
    static const char *const internal[] = { "_GLOBAL__N_", "_INTERNAL_" };

    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
        if (length >= strlen(internal[i]) && strncmp(name, internal[i], strlen(internal[i])) == 0)
            return true;
    return false;
}

static void append(char *out, size_t cap, const char *text, size_t length)
{
    size_t n = strlen(out);

    if (n + 1 < cap)
        snprintf(out + n, cap - n, "%.*s", (int)length, text);
}

/* <expr-primary> of a whole number or an enum, "Li4E", "L4kind4E": its digits, with n for a minus.
 * false: another one. */
static bool append_number(const char **at, char *out, size_t cap)
{
    static const char types[] = "abchijlmstxy";
    const char *p = *at;
    size_t digits;

    if (*p++ != 'L')
        return false;
    if (*p && strchr(types, *p))
        p++;
    else if (!read_source_name(&p, &digits))
        return false;
    digits = strspn(p + (*p == 'n'), "0123456789");
    if (digits == 0 || p[(*p == 'n') + digits] != 'E')
        return false;
    if (*p == 'n') {
        append(out, cap, "-", 1);
        p++;
    }
    append(out, cap, p, digits);
    *at = p + digits + 1;
    return true;
}

static void append_arguments(const char *p, char *out, size_t cap)
{
    const char *between = "<";

    while (*p && *p != 'E') {
        append(out, cap, between, 2);
        between = ", ";
        if (!append_number(&p, out, cap)) {
            append(out, cap, "...", 3);
            break;
        }
    }
    append(out, cap, ">", 1);
}

void kernel_name(const char *mangled, char *out, size_t cap)
{
    const char *p = mangled, *name;
    bool nested;
    size_t length;

    out[0] = '\0';
    if (strncmp(p, "_Z", 2) != 0) {
        snprintf(out, cap, "%s", mangled);
        return;
    }
    p += 2;
    nested = *p == 'N';
    p += nested || *p == 'L';
    while ((name = read_source_name(&p, &length))) {
        if (!unnamed(name, length)) {
            if (out[0])
                append(out, cap, "::", 2);
            append(out, cap, name, length);
        }
        if (!nested)
            break;
        p += *p == 'L';
    }
    if (!out[0])
        snprintf(out, cap, "%s", mangled);
    else if (*p == 'I')
        append_arguments(p + 1, out, cap);
}
