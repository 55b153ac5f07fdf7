/* self_path.c - where this program lies. */
#include "command/self_path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int self_path(char *out, size_t cap, struct err *e)
{
    ssize_t n = readlink("/proc/self/exe", out, cap - 1);

    if (n < 0)
        return ERR(e, ERR_IO, "/proc/self/exe: %s", strerror(errno));
    out[n] = '\0';
    if (strchr(out, ' '))
        return ERR(e, ERR_IO, "the path of this program has a space: %.150s", out);
    return 0;
}
