/* block_device.c - what lies below an open file: file system, disk, and the link it hangs on. */
#include "silicon/storage/block_device.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/mem.h"
#include "host/sysfile.h"

/* LVM over LUKS over a partition is three; more layers than this is not a disk any more. */
enum { LAYERS_MAX = 6 };

/* The file system's name: the field after " - " in the mount's line of mountinfo (proc(5)). */
static void find_fs(struct block_device *d, const char *root, dev_t dev, int mount_id)
{
    char *text = NULL, *save = NULL, want[32];

    snprintf(want, sizeof(want), "%u:%u", major(dev), minor(dev));
    if (sysfile_slurp(root, "/proc/self/mountinfo", &text, NULL) < 0)
        return;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char number[32];
        const char *type = strstr(line, " - ");
        int id;

        if (!type || sscanf(line, "%d %*d %31s", &id, number) != 2)
            continue;
        if (mount_id >= 0 ? id == mount_id : strcmp(number, want) == 0) {
            snprintf(d->fs, sizeof(d->fs), "%.*s", (int)strcspn(type + 3, " "), type + 3);
            break;
        }
    }
    mem_free(text);
}

/* The one device below a mapped one (LVM, LUKS): its "major:minor" in `number`, or the reason. */
static bool only_slave(struct block_device *d, const char *root, const char *at, char number[32])
{
    char path[SYSFILE_PATH], name[64] = "";
    struct dirent *entry;
    int n = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "%.200s%.200s/slaves", root, at);
    dir = opendir(path);
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            n++;
            snprintf(name, sizeof(name), "%.63s", entry->d_name);
        }
    if (dir)
        closedir(dir);
    if (n > 1)
        snprintf(d->why, sizeof(d->why), "the file lies on %d disks joined together", n);
    return n == 1 && sysfile_readf(root, number, 32, NULL, "%.200s/slaves/%s/dev", at, name) == 0;
}

static bool is_virtual(const char *root, const char *at, const char *disk)
{
    static const char *const makers[] = { "QEMU", "Google", "Msft", "VMware",
                                          "VBOX", "Virtio", "Xen",  NULL };
    char vendor[48];

    if (strncmp(disk, "vd", 2) == 0 || strncmp(disk, "xvd", 3) == 0)
        return true;
    if (sysfile_readf(root, vendor, sizeof(vendor), NULL, "%.200s/device/vendor", at) < 0 &&
        sysfile_readf(root, vendor, sizeof(vendor), NULL, "%.200s/device/model", at) < 0)
        return false;
    for (int i = 0; makers[i]; i++)
        if (strncmp(vendor, makers[i], strlen(makers[i])) == 0)
            return true;
    return false;
}

/* A hypervisor invents the link of a device that it emulates, and of one that it passes on it may
 * show none: inside one, what the link says is no limit. */
static bool machine_is_virtual(const char *root)
{
    static const char *const vendors[] = { "QEMU", "Amazon EC2", "Google",    "Microsoft", "VMware",
                                           "Xen",  "innotek",    "OpenStack", NULL };
    char vendor[64], *text = NULL;
    const char *flags;
    bool found = false;

    if (sysfile_slurp(root, "/proc/cpuinfo", &text, NULL) == 0) {
        flags = strstr(text, " hypervisor");
        found = flags && !isalnum((unsigned char)flags[11]);
    }
    mem_free(text);
    if (sysfile_read(root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor), NULL) == 0)
        for (int i = 0; vendors[i] && !found; i++)
            found = strncmp(vendor, vendors[i], strlen(vendors[i])) == 0;
    return found;
}

double block_device_pcie(const char *speed, int lanes)
{
    char *end;
    double giga = strtod(speed, &end), share;

    if (end == speed || strncmp(end, " GT/s", 5) != 0 || lanes < 1 || lanes > 32)
        return NAN;
    if (giga == 2.5 || giga == 5)
        share = 8.0 / 10;
    else if (giga == 8 || giga == 16 || giga == 32)
        share = 128.0 / 130;
    else if (giga == 64)
        share = 242.0 / 256;
    else
        return NAN;
    return giga * 1e9 * lanes * share / 8;
}

static void find_link(struct block_device *d, const char *root, const char *at)
{
    char speed[48];
    int64_t lanes;

    if (strncmp(d->disk, "nvme", 4) != 0) {
        snprintf(d->why, sizeof(d->why), "no paper limit is known of %s", d->disk);
    } else if (machine_is_virtual(root)) {
        snprintf(d->why, sizeof(d->why), "no paper limit: the link of %s is the hypervisor's word",
                 d->disk);
    } else if (sysfile_readf(root, speed, sizeof(speed), NULL,
                             "%.200s/device/device/current_link_speed", at) < 0 ||
               sysfile_intf(root, &lanes, NULL, "%.200s/device/device/current_link_width", at) <
                   0) {
        snprintf(d->why, sizeof(d->why), "no paper limit: %s names no PCIe link", d->disk);
    } else {
        d->link_bytes_per_s = block_device_pcie(speed, (int)lanes);
        snprintf(d->link, sizeof(d->link), "PCIe %.*s x%d", (int)strcspn(speed, "P") - 1, speed,
                 (int)lanes);
        if (!isfinite(d->link_bytes_per_s))
            snprintf(d->why, sizeof(d->why), "no paper limit: unknown link \"%.40s\"", speed);
    }
}

void block_device_find(struct block_device *d, const char *root, dev_t dev, int mount_id)
{
    char at[256], number[32], below[32], text[256], partition[8];
    const char *name;

    *d = (struct block_device){ .link_bytes_per_s = NAN };
    find_fs(d, root, dev, mount_id);
    snprintf(number, sizeof(number), "%u:%u", major(dev), minor(dev));
    for (int i = 0; i < LAYERS_MAX; i++) {
        snprintf(at, sizeof(at), "/sys/dev/block/%s", number);
        if (!only_slave(d, root, at, below))
            break;
        snprintf(number, sizeof(number), "%s", below);
    }
    if (d->why[0])
        return;
    if (sysfile_readf(root, partition, sizeof(partition), NULL, "%.200s/partition", at) == 0)
        snprintf(at, sizeof(at), "/sys/dev/block/%s/..", number);
    if (sysfile_readf(root, text, sizeof(text), NULL, "%.200s/uevent", at) < 0 ||
        !(name = strstr(text, "DEVNAME="))) {
        snprintf(d->why, sizeof(d->why), "no paper limit: %s names no disk of this machine",
                 d->fs[0] ? d->fs : "the file system");
        return;
    }
    name += strlen("DEVNAME=");
    snprintf(d->disk, sizeof(d->disk), "%.*s", (int)strcspn(name, "\n"), name);
    if (sysfile_readf(root, d->model, sizeof(d->model), NULL, "%.200s/device/model", at) < 0)
        d->model[0] = '\0';
    d->is_virtual = is_virtual(root, at, d->disk);
    find_link(d, root, at);
}

void block_device_of_fd(struct block_device *d, int fd)
{
    char text[256];
    int64_t mount_id = -1;
    struct stat st;

    if (fstat(fd, &st) < 0) {
        *d = (struct block_device){ .link_bytes_per_s = NAN };
        snprintf(d->why, sizeof(d->why), "no paper limit: the file names no device");
        return;
    }
    if (sysfile_readf("", text, sizeof(text), NULL, "/proc/self/fdinfo/%d", fd) == 0)
        if (sysfile_field_int(text, "mnt_id", &mount_id) < 0)
            mount_id = -1;
    block_device_find(d, "", st.st_dev, (int)mount_id);
}
