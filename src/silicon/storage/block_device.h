/* block_device.h - what lies below an open file: file system, disk, and the link the disk hangs on.
 *
 * Read from /proc and /sys; `root` is put before them ("" is this machine, else a test's tree). */
#ifndef SILICON_STORAGE_BLOCK_DEVICE_H
#define SILICON_STORAGE_BLOCK_DEVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"

struct block_device {
    char fs[24];             /* "ext4"; "" when not known */
    char disk[32];           /* "nvme0n1"; "" when no one disk holds the file */
    char model[48];          /* as the disk says; "" when it says none */
    bool is_virtual;         /* the disk is made by a hypervisor (virtio, Xen, emulated SCSI) */
    char link[48];           /* "PCIe 16.0 GT/s x4" */
    double link_bytes_per_s; /* what the link can carry, packet headers not counted; NaN: see why */
    char why[96];            /* why no limit is known */
};

/* Describe what holds a file of device number `dev` that was reached through mount `mount_id` (-1:
 * not known).  Never fails: what cannot be told is empty, with the reason in d->why. */
void block_device_find(struct block_device *d, const char *root, dev_t dev, int mount_id);

/* The same for an open file on this machine. */
void block_device_of_fd(struct block_device *d, int fd);

/* Bytes a second over a PCIe link: speed as sysfs writes it ("16.0 GT/s PCIe"), times the lanes,
 * times the line code: 8b/10b at 2.5 and 5 GT/s, 128b/130b up to 32 GT/s, 242 of 256 bytes of a
 * flit at 64 GT/s (PCI Express base specification 6.0, section 4.2).  NaN when unknown. */
double block_device_pcie(const char *speed, int lanes);

#endif
