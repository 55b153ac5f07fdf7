/* env_storage.c - what lies under a directory: file system and device. */
#include "host/env_storage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/mem.h"
#include "host/env_facts.h"
#include "host/sysfile.h"

/* One line of /proc/self/mountinfo (man 5 proc). */
struct mount {
    char device[32]; /* "254:1" */
    char point[256], type[32], source[128], options[256];
};

static const char *const keys[] = { "storage.dir",
                                    "storage.mount",
                                    "storage.filesystem",
                                    "storage.source",
                                    "storage.options",
                                    "storage.total_bytes",
                                    "storage.available_bytes",
                                    "storage.rotational",
                                    "storage.model",
                                    "storage.scheduler",
                                    "storage.device_bytes",
                                    "storage.logical_block_bytes" };

/* The next blank-separated word; mountinfo writes blanks inside of words as \040. */
static const char *word(const char *p, char *out, size_t cap)
{
    size_t n = 0;

    p += strspn(p, " ");
    while (*p && *p != ' ' && *p != '\n') {
        char ch = *p++;

        if (ch == '\\' && strspn(p, "01234567") >= 3) {
            ch = (char)((p[0] - '0') * 64 + (p[1] - '0') * 8 + (p[2] - '0'));
            p += 3;
        }
        if (n + 1 < cap)
            out[n++] = ch;
    }
    out[n] = '\0';
    return p;
}

static bool parse_mount(const char *line, struct mount *m)
{
    char skipped[512];
    const char *p = line, *end = strchr(line, '\n'), *dash;

    p = word(p, skipped, sizeof(skipped)); /* id */
    p = word(p, skipped, sizeof(skipped)); /* parent */
    p = word(p, m->device, sizeof(m->device));
    p = word(p, skipped, sizeof(skipped)); /* root of the mount inside the file system */
    p = word(p, m->point, sizeof(m->point));
    p = word(p, m->options, sizeof(m->options));
    dash = strstr(p, " - ");
    if (!dash || (end && dash > end) || m->point[0] != '/')
        return false;
    p = word(dash + 3, m->type, sizeof(m->type));
    word(p, m->source, sizeof(m->source));
    return true;
}

/* The mount with the longest point that `dir` lies below; of equals the last covers the others. */
static bool find_mount(const char *text, const char *dir, struct mount *best)
{
    size_t longest = 0;

    for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
        struct mount m;
        size_t n;

        if (!parse_mount(p, &m))
            continue;
        n = strcmp(m.point, "/") == 0 ? 0 : strlen(m.point);
        if (strncmp(dir, m.point, n) != 0 || (dir[n] != '/' && dir[n] != '\0'))
            continue;
        if (n + 1 >= longest) {
            longest = n + 1;
            *best = m;
        }
    }
    return longest > 0;
}

/* A file of the block device; of its whole disk where the mount is of a partition. */
static bool device_path(const char *root, const char *device, const char *file, char *path,
                        size_t cap)
{
    static const char *const places[] = { "", "/.." };
    char probe[8];

    for (int i = 0; i < 2; i++) {
        snprintf(path, cap, "/sys/dev/block/%s%s/%s", device, places[i], file);
        if (sysfile_read(root, path, probe, sizeof(probe), NULL) == 0)
            return true;
    }
    return false;
}

static void put_device(struct facts *fs, const char *root, const struct mount *m)
{
    char path[SYSFILE_PATH], none[200];

    snprintf(none, sizeof(none), "no block device of its own (%s on %s)", m->type, m->source);

    if (device_path(root, m->device, "queue/rotational", path, sizeof(path)))
        env_facts_bool(fs, "storage.rotational", root, path);
    else
        facts_null(fs, "storage.rotational", "%s", none);
    if (device_path(root, m->device, "queue/scheduler", path, sizeof(path)))
        env_facts_choice(fs, "storage.scheduler", root, path);
    else
        facts_null(fs, "storage.scheduler", "%s", none);
    if (device_path(root, m->device, "queue/logical_block_size", path, sizeof(path)))
        env_facts_number(fs, "storage.logical_block_bytes", root, path, 1);
    else
        facts_null(fs, "storage.logical_block_bytes", "%s", none);
    if (device_path(root, m->device, "device/model", path, sizeof(path)))
        env_facts_text(fs, "storage.model", root, path);
    else
        facts_null(fs, "storage.model", "the device does not name a model");
    if (device_path(root, m->device, "size", path, sizeof(path)))
        env_facts_number(fs, "storage.device_bytes", root, path,
                         512); /* always in sectors of 512 */
    else
        facts_null(fs, "storage.device_bytes", "%s", none);
}

static void all_null(struct facts *fs, const char *reason)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!facts_get(fs, keys[i]))
            facts_null(fs, keys[i], "%s", reason);
}

void env_storage_facts(struct facts *fs, const char *root, const char *dir)
{
    struct statvfs v;
    struct err e = { 0 };
    struct mount m;
    char full[PATH_MAX], *text = NULL, why[128];

    if (!dir) {
        all_null(fs, "no directory was named");
        return;
    }
    if (!realpath(dir, full)) {
        snprintf(why, sizeof(why), "%.80s: %s", dir, strerror(errno));
        all_null(fs, why);
        return;
    }
    facts_text(fs, "storage.dir", full);
    if (statvfs(full, &v) == 0) {
        facts_int(fs, "storage.total_bytes", (int64_t)(v.f_blocks * v.f_frsize));
        facts_int(fs, "storage.available_bytes", (int64_t)(v.f_bavail * v.f_frsize));
    }
    if (sysfile_slurp(root, "/proc/self/mountinfo", &text, &e) < 0) {
        all_null(fs, e.msg);
    } else if (!find_mount(text, full, &m)) {
        all_null(fs, "/proc/self/mountinfo lists no mount above it");
    } else {
        facts_text(fs, "storage.mount", m.point);
        facts_text(fs, "storage.filesystem", m.type);
        facts_text(fs, "storage.source", m.source);
        facts_text(fs, "storage.options", m.options);
        put_device(fs, root, &m);
        all_null(fs, "the system does not tell");
    }
    mem_free(text);
}
