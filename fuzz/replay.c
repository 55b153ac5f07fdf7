/* replay.c - runs a fuzz target over stored inputs: `replay_<x> FILE|DIR...`.
 *
 * Also over each input cut short at every length up to 256 and with single bits flipped, which
 * costs little and reaches past what the corpus happens to hold. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

enum { CUTS_MAX = 256, INPUT_MAX = 16 << 20 };

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_MAX);
    size_t n;

    if (!f || !data) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    n = fread(data, 1, INPUT_MAX, f);
    fclose(f);
    fprintf(stderr, "%s\n", path); /* the last one named is the one that crashed */
    LLVMFuzzerTestOneInput(data, n);
    for (size_t cut = 0; cut < n && cut < CUTS_MAX; cut++) {
        LLVMFuzzerTestOneInput(data, cut);
        for (int bit = 0; bit < 8; bit++) {
            data[cut] ^= (uint8_t)(1 << bit);
            LLVMFuzzerTestOneInput(data, n);
            data[cut] ^= (uint8_t)(1 << bit);
        }
    }
    free(data);
    return 1;
}

/* The number of inputs, or -1. */
static int replay(const char *path)
{
    struct dirent **names = NULL;
    struct stat st;
    int n, done = 0;

    if (stat(path, &st) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    if (!S_ISDIR(st.st_mode))
        return replay_file(path);
    n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char below[4096];

        if (names[i]->d_name[0] != '.' && done >= 0) {
            int got;

            snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
            got = replay(below);
            done = got < 0 ? -1 : done + got;
        }
        free(names[i]);
    }
    free(names);
    return n < 0 ? -1 : done;
}

int main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        int n = replay(argv[i]);

        if (n < 0)
            return 1;
        total += n;
    }
    printf("%d inputs\n", total);
    return total > 0 ? 0 : 1; /* an empty corpus proves nothing */
}
