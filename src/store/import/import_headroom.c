/* import_headroom.c - result files of this program. */
#include "store/import/import_headroom.h"

#include <string.h>

/* Written by any version, in any layout: an object whose first member is the schema. */
static bool detect(const struct import_source *src)
{
    static const char blank[] = " \t\r\n";
    const char *text = src->text, *end = text + src->n;

    while (text < end && *text && strchr(blank, *text))
        text++;
    if (text == end || *text++ != '{')
        return false;
    while (text < end && *text && strchr(blank, *text))
        text++;
    return (size_t)(end - text) > strlen("\"schema\"") && memcmp(text, "\"schema\"", 8) == 0;
}

const struct importer import_headroom = {
    .name = "headroom",
    .what = "result file of headroom",
    .detect = detect,
};
