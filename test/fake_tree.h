/* fake_tree.h - machines made of files: /proc and /sys trees in a directory of their own. */
#ifndef FAKE_TREE_H
#define FAKE_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FAKE_ROOT = 64, FAKE_PATH = 512 };

static inline void fake_new(char root[FAKE_ROOT])
{
    size_t n = (size_t)snprintf(root, FAKE_ROOT, "/tmp/headroom-test-");

    memset(root + n, 'X', 6); /* mkdtemp's own letters */
    root[n + 6] = '\0';
    if (!mkdtemp(root)) {
        perror("mkdtemp");
        exit(1);
    }
}

/* Make the directories on the way to `full`. */
static inline void fake_parents(char *full)
{
    for (char *p = full + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        if (mkdir(full, 0755) != 0 && errno != EEXIST) {
            perror(full);
            exit(1);
        }
        *p = '/';
    }
}

/* Write `text` as root/path, over what is there (the same inode: open readers see it). */
static inline void fake_put(const char *root, const char *path, const char *text)
{
    char full[FAKE_PATH];
    size_t n = strlen(text);
    int fd;

    snprintf(full, sizeof(full), "%s%s", root, path);
    fake_parents(full);
    fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n) {
        perror(full);
        exit(1);
    }
    close(fd);
}

static inline void fake_putf(const char *root, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static inline void fake_putf(const char *root, const char *path, const char *fmt, ...)
{
    char text[16384];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    fake_put(root, path, text);
}

/* A directory where a file is expected: unreadable for root, too. */
static inline void fake_unreadable(const char *root, const char *path)
{
    char full[FAKE_PATH];

    snprintf(full, sizeof(full), "%s%s", root, path);
    unlink(full);
    snprintf(full, sizeof(full), "%s%s/", root, path);
    fake_parents(full);
}

static inline int fake_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void fake_remove(const char *root)
{
    nftw(root, fake_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* One logical CPU: its topology and, where l3 is not NULL, caches. */
static inline void fake_cpu(const char *root, int cpu, const char *siblings, int package,
                            const char *l2, const char *l3, const char *l3_cpus)
{
    static const char *const types[] = { "Data", "Instruction", "Unified", "Unified" };
    const char *sizes[] = { "32K", "32K", l2, l3 };
    char path[FAKE_PATH];

    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
             cpu);
    fake_putf(root, path, "%s\n", siblings);
    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
    fake_putf(root, path, "%d\n", package);
    for (int k = 0; l3 && k < 4; k++) {
        char dir[FAKE_PATH / 2];

        snprintf(dir, sizeof(dir), "/sys/devices/system/cpu/cpu%d/cache/index%d", cpu, k);
        snprintf(path, sizeof(path), "%s/level", dir);
        fake_putf(root, path, "%d\n", k < 2 ? 1 : k);
        snprintf(path, sizeof(path), "%s/type", dir);
        fake_putf(root, path, "%s\n", types[k]);
        snprintf(path, sizeof(path), "%s/size", dir);
        fake_putf(root, path, "%s\n", sizes[k]);
        snprintf(path, sizeof(path), "%s/coherency_line_size", dir);
        fake_put(root, path, "64\n");
        snprintf(path, sizeof(path), "%s/shared_cpu_list", dir);
        fake_putf(root, path, "%s\n", k == 3 ? l3_cpus : siblings);
    }
}

#endif
