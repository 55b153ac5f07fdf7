/* Storage: the content, the scratch file and its ends, the queue, what lies below, the bounds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/bench.h"
#include "core/device.h"
#include "core/limits.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"
#include "silicon/storage/block_device.h"
#include "silicon/storage/io_ring.h"
#include "silicon/storage/scratch.h"
#include "silicon/storage/scratch_data.h"

#include "fake_tree.h"
#include "test.h"

enum { MIB = 1 << 20, SEED = 7 };

/* A folder beside the test program, on the disk that the build is on. */
static char dir[FAKE_PATH];

static void dir_make(void)
{
    char exe[FAKE_PATH / 2];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    size_t at;

    exe[n > 0 ? n : 0] = '\0';
    if (strrchr(exe, '/'))
        *strrchr(exe, '/') = '\0';
    at = (size_t)snprintf(dir, sizeof(dir), "%s/storage-test-", exe);
    memset(dir + at, 'X', 6); /* mkdtemp's own letters */
    dir[at + 6] = '\0';
    if (!mkdtemp(dir)) {
        perror(dir);
        exit(1);
    }
}

static int files_in(const char *path)
{
    DIR *d = opendir(path);
    int n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n - 2; /* . and .. */
}

static void content(void)
{
    static uint8_t blocks[4 * SCRATCH_BLOCK] __attribute__((aligned(8)));
    uint8_t *second = blocks + SCRATCH_BLOCK;
    int counts[256] = { 0 }, most = 0;
    struct err e = { 0 };

    scratch_data_fill(blocks, 4, SEED);
    CHECK_EQ(scratch_data_check(second, 11, 1, SEED, NULL), ERR_MISMATCH); /* not stamped yet */
    scratch_data_stamp(blocks, 4, 10, 3, SEED);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(scratch_data_check(blocks + i * SCRATCH_BLOCK, 10 + i, 3, SEED, &e), 0);
    CHECK_EQ(scratch_data_check(second, 12, 3, SEED, NULL), ERR_MISMATCH);     /* another place */
    CHECK_EQ(scratch_data_check(second, 11, 2, SEED, NULL), ERR_MISMATCH);     /* an older write */
    CHECK_EQ(scratch_data_check(second, 11, 3, SEED + 1, NULL), ERR_MISMATCH); /* another run */
    for (int at = 0; at < SCRATCH_BLOCK; at += 97) { /* one flipped bit, anywhere */
        second[at] ^= 4;
        CHECK_EQ(scratch_data_check(second, 11, 3, SEED, NULL), ERR_MISMATCH);
        second[at] ^= 4;
    }
    CHECK(memcmp(blocks + 32, second + 32, SCRATCH_BLOCK - 32) != 0);
    /* Random bytes: each value 64 +- 8 times in 4 blocks; 8 deviations are far beyond chance. */
    for (size_t i = 0; i < sizeof(blocks); i++)
        if (i % SCRATCH_BLOCK >= 32)
            counts[blocks[i]]++;
    for (int i = 0; i < 256; i++)
        most = counts[i] > most ? counts[i] : most;
    CHECK(most < 128);
}

static void pcie(void)
{
    /* Figures of the PCI-SIG's FAQ: 0.5 GB/s a lane at 5 GT/s, 15.75 GB/s for 8 GT/s x16. */
    CHECK_NEAR(block_device_pcie("5.0 GT/s PCIe", 1), 0.5e9, 1);
    CHECK_NEAR(block_device_pcie("8.0 GT/s PCIe", 16), 15.754e9, 1e6);
    CHECK_NEAR(block_device_pcie("16.0 GT/s PCIe", 4), 7.877e9, 1e6);
    CHECK_NEAR(block_device_pcie("32.0 GT/s PCIe", 4), 15.754e9, 1e6);
    CHECK_NEAR(block_device_pcie("64.0 GT/s PCIe", 1), 7.5625e9, 1e3);
    CHECK(isnan(block_device_pcie("Unknown", 4)));
    CHECK(isnan(block_device_pcie("16.0 GT/s PCIe", 0)));
    CHECK(isnan(block_device_pcie("16.0 GT/s PCIe", -1)));
    CHECK(isnan(block_device_pcie("nan GT/s PCIe", 4)));
    CHECK(isnan(block_device_pcie("", 4)));
}

#define NVME "/sys/dev/block/259:0"

static void nvme_put(const char *root)
{
    fake_put(root, "/proc/cpuinfo", "flags\t\t: fpu vme hypervisors_not\n");
    fake_put(root, "/proc/self/mountinfo",
             "21 1 0:20 / /proc rw - proc proc rw\n"
             "30 1 254:1 / / rw,relatime shared:1 - xfs /dev/mapper/root rw\n");
    fake_put(root, NVME "/uevent", "MAJOR=259\nDEVNAME=nvme0n1\nDEVTYPE=disk\n");
    fake_put(root, NVME "/device/model", "A DISK 990   \n");
    fake_put(root, NVME "/device/device/current_link_speed", "16.0 GT/s PCIe\n");
    fake_put(root, NVME "/device/device/current_link_width", "4\n");
    fake_put(root, NVME "/nvme0n1p2/partition", "2\n");
    /* A mapped device (LUKS) on the partition. */
    fake_put(root, "/sys/dev/block/254:1/uevent", "DEVNAME=dm-1\n");
    fake_put(root, "/sys/dev/block/254:1/slaves/nvme0n1p2/dev", "259:2\n");
}

static void below(void)
{
    char root[FAKE_ROOT], from[FAKE_PATH];
    struct block_device d;

    fake_new(root);
    block_device_find(&d, root, makedev(8, 1), -1); /* a machine that tells nothing */
    CHECK_STR(d.fs, "");
    CHECK_STR(d.disk, "");
    CHECK(isnan(d.link_bytes_per_s) && d.why[0]);

    nvme_put(root);
    snprintf(from, sizeof(from), "%s/sys/dev/block/259:2", root);
    CHECK_EQ(symlink("259:0/nvme0n1p2", from), 0);
    block_device_find(&d, root, makedev(254, 1), -1);
    CHECK_STR(d.fs, "xfs");
    CHECK_STR(d.disk, "nvme0n1");
    CHECK_STR(d.model, "A DISK 990");
    CHECK_STR(d.link, "PCIe 16.0 GT/s x4");
    CHECK_NEAR(d.link_bytes_per_s, 7.877e9, 1e6);
    CHECK(!d.is_virtual);
    block_device_find(&d, root, makedev(259, 0), 21); /* by mount, whatever the device says */
    CHECK_STR(d.fs, "proc");

    fake_put(root, NVME "/device/device/current_link_speed", "Unknown\n");
    block_device_find(&d, root, makedev(259, 0), -1);
    CHECK(isnan(d.link_bytes_per_s) && strstr(d.why, "Unknown"));
    fake_put(root, NVME "/device/device/current_link_speed", "16.0 GT/s PCIe\n");
    fake_put(root, "/proc/cpuinfo", "flags\t\t: fpu hypervisor vme\n");
    block_device_find(&d, root, makedev(259, 0), -1); /* a guest's link is nobody's limit */
    CHECK(isnan(d.link_bytes_per_s) && strstr(d.why, "hypervisor"));

    fake_put(root, "/sys/dev/block/254:1/slaves/nvme1n1/dev", "259:7\n"); /* a RAID of two */
    block_device_find(&d, root, makedev(254, 1), 30);
    CHECK(isnan(d.link_bytes_per_s) && strstr(d.why, "2 disks"));
    CHECK_STR(d.disk, "");

    fake_put(root, "/sys/dev/block/254:0/uevent", "DEVNAME=vda\n");
    block_device_find(&d, root, makedev(254, 0), -1);
    CHECK(d.is_virtual && d.why[0]);
    fake_put(root, "/sys/dev/block/8:0/uevent", "DEVNAME=sda\n");
    fake_put(root, "/sys/dev/block/8:0/device/vendor", "QEMU    \n");
    block_device_find(&d, root, makedev(8, 0), -1);
    CHECK(d.is_virtual);
    fake_remove(root);
}

/* The scratch file by itself: what is read back, and what is noticed. */
static void scratch_file(void)
{
    static uint8_t buf[2 * SCRATCH_BLOCK] __attribute__((aligned(4096)));
    struct scratch_config cfg = { .dir = dir, .bytes = 32 * MIB, .direct = true, .seed = SEED };
    struct scratch s;
    struct err e = { 0 };
    double cached;

    CHECK_EQ(scratch_open(&s, &cfg, &e), 0);
    CHECK_EQ(files_in(dir), 0);
    CHECK_EQ(scratch_fill(&s, 16 * MIB, 1000, &e), 0);
    CHECK_EQ(s.bytes, 32 * MIB);
    CHECK_EQ(s.written, 32 * MIB);
    CHECK_EQ(scratch_cached(&s, &cached, &e), 0);
    CHECK(cached < 0.01);
    CHECK_EQ(scratch_check(&s, 0, 1, &e), 0);
    CHECK_EQ(scratch_check(&s, 8191, 1, &e), 0);
    CHECK_EQ(scratch_check(&s, 8192, 1, NULL), ERR_IO); /* beyond the end */
    CHECK_EQ(scratch_check(&s, 5, 2, NULL), ERR_MISMATCH);
    /* Planted: one block lost its content, another holds its neighbour's. */
    CHECK_EQ(pwrite(s.fd, buf, SCRATCH_BLOCK, 7 * SCRATCH_BLOCK), SCRATCH_BLOCK);
    CHECK_EQ(scratch_check(&s, 7, 1, NULL), ERR_MISMATCH);
    CHECK_EQ(pread(s.fd, buf, SCRATCH_BLOCK, 8 * SCRATCH_BLOCK), SCRATCH_BLOCK);
    CHECK_EQ(pwrite(s.fd, buf, SCRATCH_BLOCK, 9 * SCRATCH_BLOCK), SCRATCH_BLOCK);
    CHECK_EQ(scratch_check(&s, 8, 1, &e), 0);
    CHECK_EQ(scratch_check(&s, 9, 1, NULL), ERR_MISMATCH);
    scratch_close(&s);
    scratch_close(&s);

    /* A disk too slow for the time: the least, and the file ends where the data ends. */
    CHECK_EQ(scratch_open(&s, &cfg, &e), 0);
    CHECK_EQ(scratch_fill(&s, 16 * MIB, 0, &e), 0);
    CHECK(s.bytes >= 16 * MIB && s.bytes < 32 * MIB);
    CHECK_EQ(lseek(s.fd, 0, SEEK_END), s.bytes);
    CHECK_EQ(scratch_check(&s, s.bytes / SCRATCH_BLOCK - 1, 1, &e), 0);
    scratch_close(&s);

    /* Buffered, the same file is in the page cache, and that is seen. */
    cfg.direct = false;
    CHECK_EQ(scratch_open(&s, &cfg, &e), 0);
    CHECK_EQ(scratch_fill(&s, 16 * MIB, 1000, &e), 0);
    CHECK_EQ(scratch_cached(&s, &cached, &e), 0);
    CHECK(cached > 0.5);
    scratch_close(&s);
    CHECK_EQ(files_in(dir), 0);
    CHECK_STR(e.msg, "");
}

/* Random writes, many on few units: what each holds is known to the last generation. */
static void random_writes(void)
{
    enum { UNITS = 32, DEPTH = 8 };
    struct scratch_config file = { .dir = dir, .bytes = 16 * MIB, .direct = true, .seed = SEED };
    uint32_t generation[UNITS];
    struct io_ring_config cfg = { .write = true,
                                  .random = true,
                                  .block_bytes = 8192,
                                  .depth = DEPTH,
                                  .file_bytes = UNITS * 8192,
                                  .seed = SEED,
                                  .generation = generation,
                                  .operations = 1000 };
    struct io_ring r;
    struct scratch s;
    struct err e = { 0 };
    uint64_t total = 0;

    for (int i = 0; i < UNITS; i++)
        generation[i] = 1;
    CHECK_EQ(scratch_open(&s, &file, &e), 0);
    CHECK_EQ(scratch_fill(&s, 16 * MIB, 1000, &e), 0);
    cfg.fd = s.fd;
    CHECK_EQ(io_ring_open(&r, &cfg, &e), 0);
    CHECK_EQ(io_ring_run(&r, NULL, 100, &e), 0);
    CHECK(r.submitted >= 100 && r.submitted <= 100 + 2 * DEPTH);
    CHECK_EQ(r.n_idle, 0);                        /* full again */
    CHECK_EQ(io_ring_run(&r, NULL, 5000, &e), 0); /* the bound is below that: it returns */
    CHECK_EQ(r.submitted, 1000);
    CHECK_EQ(io_ring_drain(&r, &e), 0);
    for (int i = 0; i < UNITS; i++) {
        total += generation[i] - 1;
        CHECK_EQ(scratch_check(&s, 2 * (uint64_t)i, generation[i], &e), 0);
        CHECK_EQ(scratch_check(&s, 2 * (uint64_t)i + 1, generation[i], &e), 0);
    }
    CHECK_EQ(total, 1000);
    io_ring_close(&r);
    io_ring_close(&r);

    /* Reading past the end is an error with its place, not a fast read. */
    cfg.write = false;
    cfg.generation = NULL;
    cfg.random = false;
    cfg.file_bytes = 64 * MIB;
    cfg.block_bytes = 4 * MIB;
    CHECK_EQ(io_ring_open(&r, &cfg, &e), 0);
    CHECK_EQ(io_ring_run(&r, NULL, 10, &e), ERR_IO);
    CHECK(strstr(e.msg, "at byte"));
    io_ring_close(&r);
    scratch_close(&s);
}

static const struct bench *storage;

struct run {
    struct params params;
    struct bench_ctx c;
    struct result result;
    struct hist ops;
    void *state;
    struct worker *worker;
};

static int run_start(struct run *r, const char *settings, const char *where, struct err *e)
{
    struct worker_options o = { .dir = where };

    memset(r, 0, sizeof(*r));
    CHECK_EQ(plan_point(storage, settings, &r->params, e), 0);
    CHECK_EQ(worker_open(&r->worker, &o, e), 0);
    r->state = calloc(1, storage->state_size);
    r->c = (struct bench_ctx){ .bench = storage,
                               .params = &r->params,
                               .seed = SEED,
                               .dir = where,
                               .seconds = 0.1,
                               .result = &r->result,
                               .worker = r->worker };
    hist_reset(&r->ops);
    snprintf(r->result.unit, sizeof(r->result.unit), "%s", storage->metric_of(&r->params)->unit);
    return storage->setup(&r->c, r->state, e);
}

static void run_end(struct run *r)
{
    storage->teardown(&r->c, r->state);
    free(r->state);
    worker_close(r->worker);
}

/* setup, verify, timing, verify: as core calls them. */
static void row(const char *settings, int times, const char *note)
{
    struct limits limits = { 0 };
    struct err e = { 0 };
    struct work w = { 0 };
    bool found = false;
    struct run r;

    CHECK_EQ(run_start(&r, settings, dir, &e), 0);
    CHECK_EQ(files_in(dir), 0);
    CHECK_EQ(storage->verify(&r.c, r.state, &e), 0);
    r.c.ops = &r.ops;
    for (int i = 0; i < times; i++)
        CHECK_EQ(storage->once(&r.c, r.state, &e), 0);
    r.c.ops = NULL;
    CHECK_EQ(storage->verify(&r.c, r.state, &e), 0);
    CHECK(r.c.check.error <= r.c.check.tolerance);
    storage->work(&r.c, r.state, &w);
    CHECK(w.items > 0);
    CHECK_NEAR(w.bytes[WORK_STORAGE] + w.bytes[WORK_DRAM],
               w.items * (double)params_get(&r.params, "bs"), 0.5);
    CHECK(r.ops.count >= (uint64_t)(times * w.items));
    CHECK(r.ops.min > 0);
    CHECK_EQ(storage->limit(&r.c, r.state, &limits, &e), 0);
    CHECK_EQ(limits.n, 1);
    CHECK_EQ(storage->limit(&r.c, r.state, &limits, &e), 0); /* again: the notes are not doubled */
    for (int i = 0; i < RESULT_NOTES; i++) {
        found |= strstr(r.result.notes[i], note) != NULL;
        for (int k = 0; k < i; k++)
            CHECK(!r.result.notes[i][0] || strcmp(r.result.notes[i], r.result.notes[k]) != 0);
    }
    CHECK(found);
    if (strstr(settings, "page"))
        CHECK(strstr(r.c.variant, "page cache") && w.bytes[WORK_STORAGE] == 0);
    else
        CHECK(strstr(r.c.variant, "O_DIRECT") && w.bytes[WORK_STORAGE] > 0);
    run_end(&r);
    CHECK_EQ(files_in(dir), 0);
    CHECK_STR(e.msg, "");
}

/* The file that a row has open in `dir`. */
static int row_fd(void)
{
    for (int fd = 3; fd < 256; fd++) {
        char path[64], to[FAKE_PATH] = "";

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (readlink(path, to, sizeof(to) - 1) > 0 && strncmp(to, dir, strlen(dir)) == 0)
            return fd;
    }
    return -1;
}

static void planted_corruption(void)
{
    static uint8_t junk[MIB] __attribute__((aligned(4096)));
    struct err e = { 0 };
    struct run r;
    int fd;

    CHECK_EQ(run_start(&r, "op=randread bs=4KiB depth=4", dir, &e), 0);
    CHECK_EQ(storage->verify(&r.c, r.state, &e), 0);
    fd = row_fd();
    CHECK(fd >= 0);
    for (int i = 0; i < 32; i++) /* half of the file of 64 MiB */
        CHECK_EQ(pwrite(fd, junk, MIB, (off_t)i * MIB), MIB);
    CHECK_EQ(storage->once(&r.c, r.state, &e), 0);
    CHECK_EQ(storage->verify(&r.c, r.state, &e), ERR_MISMATCH);
    CHECK(r.c.check.error > 0);
    CHECK(strstr(e.msg, "block"));
    run_end(&r);
}

/* Writes ask for an end after twelve file sizes (of 64 MiB). */
static void bounded(void)
{
    struct err e = { 0 };
    struct work w = { 0 };
    struct run r;
    int n = 0;

    CHECK_EQ(run_start(&r, "op=write bs=1MiB depth=4", dir, &e), 0);
    storage->work(&r.c, r.state, &w);
    while (!r.c.enough && n++ <= 12 * 64)
        CHECK_EQ(storage->once(&r.c, r.state, &e), 0);
    CHECK(n * w.items <= 12 * 64 + w.items);
    CHECK_EQ(storage->verify(&r.c, r.state, &e), 0);
    run_end(&r);
}

static void refused(void)
{
    struct scratch_config cfg = { .dir = dir, .direct = true, .seed = SEED };
    struct err e = { 0 };
    struct statvfs v;
    struct scratch s;
    struct run r;

    CHECK_EQ(statvfs(dir, &v), 0);
    cfg.bytes = ((uint64_t)v.f_bavail * v.f_frsize / MIB + 1024) * MIB;
    CHECK_EQ(scratch_open(&s, &cfg, &e), ERR_IO);
    CHECK(strstr(e.msg, "MiB are free") && strstr(e.msg, dir));
    scratch_close(&s);
    CHECK_EQ(files_in(dir), 0);

    e = (struct err){ 0 };
    CHECK_EQ(run_start(&r, "op=read", "/nowhere/at/all", &e), ERR_IO);
    CHECK(strstr(e.msg, "/nowhere/at/all") && strstr(e.msg, "No such file"));
    run_end(&r);
    e = (struct err){ 0 };
    CHECK_EQ(run_start(&r, "op=read", "/proc/self/exe", &e), ERR_IO); /* a file */
    run_end(&r);
}

/* Run `what` in a process of its own: its failures are ours; 77: it could not be tried. */
static void in_child(const char *name, int (*what)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(what());
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        printf("%s: not tried, this process may not\n", name);
    else
        CHECK_EQ(status, 0);
}

/* A file system in memory of 40 MiB: no storage; with cache=page, no space. */
static int child_small_tmpfs(void)
{
    char where[FAKE_PATH + 8];
    struct scratch s;
    struct scratch_config cfg = { .dir = where, .bytes = 32 * MIB, .seed = SEED };
    struct err e = { 0 };
    struct run r;

    snprintf(where, sizeof(where), "%s/mnt", dir);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return 77;
    CHECK_EQ(mkdir(where, 0700), 0);
    if (mount("tmpfs", where, "tmpfs", 0, "size=40m") != 0)
        return 77;
    CHECK_EQ(run_start(&r, "op=read", where, &e), ERR_NOTSUP);
    CHECK(strstr(e.msg, "memory"));
    run_end(&r);
    e = (struct err){ 0 };
    CHECK_EQ(run_start(&r, "op=read cache=page", where, &e), ERR_IO);
    CHECK(strstr(e.msg, "40 MiB are free"));
    run_end(&r);
    /* It fits; then somebody takes the space while it is being written. */
    e = (struct err){ 0 };
    CHECK_EQ(scratch_open(&s, &cfg, &e), 0);
    CHECK_EQ(scratch_fill(&s, 16 * MIB, 1000, &e), 0);
    CHECK_EQ(ftruncate(s.fd, 0), 0);
    fake_putf(where, "/taken", "%08192d", 0);
    {
        char taken[FAKE_PATH + 16];
        int fd;

        snprintf(taken, sizeof(taken), "%s/taken", where);
        fd = open(taken, O_WRONLY | O_CLOEXEC);
        CHECK_EQ(posix_fallocate(fd, 0, 30 * MIB), 0);
        close(fd);
        CHECK_EQ(scratch_fill(&s, 16 * MIB, 1000, &e), ERR_IO);
        CHECK(strstr(e.msg, "No space"));
        scratch_close(&s);
        CHECK_EQ(unlink(taken), 0);
    }
    CHECK_EQ(files_in(where), 0);
    CHECK_EQ(umount(where), 0);
    CHECK_EQ(rmdir(where), 0);
    return test_failures ? 1 : 0;
}

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#else
#define ARCH AUDIT_ARCH_AARCH64
#endif

/* A container whose seccomp filter forbids io_uring. */
static int child_no_uring(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
    struct err e = { 0 };
    struct run r;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        return 77;
    CHECK_EQ(run_start(&r, "op=read", dir, &e), ERR_NOTSUP);
    CHECK(strstr(e.msg, "io_uring") && strstr(e.msg, "seccomp"));
    run_end(&r); /* half a setup */
    CHECK_EQ(files_in(dir), 0);
    return test_failures ? 1 : 0;
}

static int child_killed(void)
{
    struct err e = { 0 };
    struct run r;

    if (run_start(&r, "op=write bs=64KiB depth=8", dir, &e) < 0)
        return 1;
    storage->once(&r.c, r.state, &e);
    raise(SIGKILL);
    return 1;
}

static void killed(void)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(child_killed());
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_EQ(files_in(dir), 0);
}

static void points(void)
{
    struct params p;
    struct err e = { 0 };

    CHECK_EQ(plan_point(storage, "bs=4KiB", &p, &e), 0);
    CHECK(storage->exists(&p, &device_cpu));
    CHECK_STR(storage->metric_of(&p)->unit, "GB/s");
    CHECK_EQ(plan_point(storage, "op=randwrite bs=6KiB", &p, &e), 0);
    CHECK(!storage->exists(&p, &device_cpu)); /* not a multiple of a block */
    CHECK_STR(storage->metric_of(&p)->unit, "IOPS");
    CHECK_EQ(plan_point(storage, "depth=257", &p, &e), ERR_ARG);
}

/* Without O_DIRECT or io_uring here there is nothing to test with. */
static void skip_if_impossible(void)
{
    struct err e = { 0 };
    struct run r;
    int rc = run_start(&r, "op=read bs=4KiB depth=1", dir, &e);

    run_end(&r);
    if (rc == ERR_NOTSUP) {
        rmdir(dir);
        TEST_SKIP("%s", e.msg);
    }
    CHECK_EQ(rc, 0);
}

int main(void)
{
    storage = registry_find("silicon.storage");
    CHECK(storage != NULL);
    content();
    pcie();
    below();
    points();
    dir_make();
    if (test_failures == 0)
        skip_if_impossible();
    scratch_file();
    random_writes();
    row("op=read bs=1MiB depth=8", 4, "founding threshold of 8 GB/s");
    row("op=randread bs=4KiB depth=32", 4, "founding threshold of 10000 IOPS");
    row("op=randwrite bs=16KiB depth=256", 2, "written by a run");
    row("op=read bs=128KiB depth=1 cache=page", 4, "not storage");
    row("op=randwrite bs=4KiB depth=4 cache=page", 4, "not storage");
    bounded();
    planted_corruption();
    refused();
    in_child("small tmpfs", child_small_tmpfs);
    in_child("no io_uring", child_no_uring);
    killed();
    CHECK_EQ(files_in(dir), 0);
    fake_remove(dir);
    TEST_DONE();
}
