/* What is no file, and files that are cut short while they are mapped. */
#include "models/format/model_map.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"
#include "models/format/model_file.h"
#include "models/format/model_writer.h"
#include "test.h"

enum { PAGES = 64 };
static char folder[] = "/tmp/headroom-map-XXXXXX";
static size_t page;

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static int at;

    at = (at + 1) % 4;
    snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
    return path[at];
}

static void write_ones(const char *path, size_t n)
{
    FILE *f = fopen(path, "wb");

    for (size_t i = 0; i < n; i++)
        fputc(1, f);
    fclose(f);
}

static void refused(const char *path, const char *says)
{
    struct model_file *m = NULL;
    struct err e = { 0 };

    CHECK_EQ(model_file_open(&m, path, &e), ERR_IO);
    if (!strstr(e.msg, says))
        fprintf(stderr, "no \"%s\" in \"%s\"\n", says, e.msg);
    CHECK(strstr(e.msg, says) != NULL);
    CHECK(m == NULL);
}

static void no_files(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    struct model_map map;
    int fd;

    refused(in_folder("nowhere"), "nowhere: No such file or directory");
    write_ones(in_folder("empty"), 0);
    refused(in_folder("empty"), "empty: is empty");
    mkdir(in_folder("folder"), 0700);
    refused(in_folder("folder"), "a folder without a model");
    CHECK_EQ(model_map_open(&map, folder, NULL), ERR_IO);
    mkfifo(in_folder("pipe"), 0600); /* nobody writes to it: that must not hold us */
    refused(in_folder("pipe"), "pipe: is a pipe");
    refused("/dev/zero", "/dev/zero: is a device");
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(name.sun_path, sizeof(name.sun_path), "%s", in_folder("socket"));
    if (bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
        refused(in_folder("socket"), "is a socket or device");
    close(fd);
    write_ones(in_folder("secret"), 10);
    chmod(in_folder("secret"), 0);
    if (geteuid() != 0)
        refused(in_folder("secret"), "secret: Permission denied");
    for (uint64_t n = 1; n < 4; n++) {
        mem_fail_at(n);
        model_map_open(&map, in_folder("secret"), NULL);
        mem_fail_at(0);
        model_map_close(&map);
    }
}

/* Sum of what is there: zeros beyond the cut. */
static size_t sum(const struct model_map *m)
{
    const volatile uint8_t *p = m->p;
    size_t s = 0;

    for (size_t i = 0; i < m->n; i++)
        s += p[i];
    return s;
}

static void *sum_thread(void *self)
{
    return (void *)sum(self);
}

static void cut_short(void)
{
    const char *path = in_folder("cut");
    struct model_map m, other;
    struct err e = { 0 };
    pthread_t threads[4];

    write_ones(path, PAGES * page);
    write_ones(in_folder("whole"), 10);
    CHECK_EQ(model_map_open(&m, path, NULL), 0);
    CHECK_EQ(model_map_open(&other, in_folder("whole"), NULL), 0);
    CHECK_EQ(model_map_check(&m, path, &e), 0);
    CHECK_EQ(sum(&m), PAGES * page);
    CHECK_EQ(truncate(path, (off_t)(3 * page + 5)), 0);
    errno = EDOM;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, sum_thread, &m);
    for (int i = 0; i < 4; i++) {
        void *got = NULL;

        pthread_join(threads[i], &got);
        CHECK_EQ((size_t)got, 3 * page + 5);
    }
    CHECK_EQ(errno, EDOM);
    CHECK_EQ(model_map_check(&m, path, &e), ERR_IO);
    CHECK(strstr(e.msg, "cut: has shrunk from") != NULL);
    CHECK_EQ(sum(&other), 10);
    CHECK_EQ(model_map_check(&other, "whole", NULL), 0);
    /* Long again, but what was read may have been zeros. */
    CHECK_EQ(truncate(path, (off_t)(PAGES * page)), 0);
    CHECK_EQ(model_map_check(&m, path, NULL), ERR_IO);
    model_map_close(&m);
    model_map_close(&other);
    CHECK_EQ(model_map_open(&m, path, NULL), 0); /* a slot that was used is clean again */
    CHECK_EQ(model_map_check(&m, path, NULL), 0);
    model_map_close(&m);
}

/* A model: its tensors read as zeros, and the model says so. */
static void cut_model(void)
{
    const char *path = in_folder("model.gguf");
    struct model_writer *w;
    struct model_file *m = NULL;
    const struct tensor *t;
    struct err e = { 0 };
    uint8_t ones[4096];
    size_t n, zeros = 0;

    memset(ones, 1, sizeof(ones));
    CHECK_EQ(model_writer_new(&w, MODEL_GGUF, &e), 0);
    CHECK_EQ(model_writer_tensor(w, "t", DTYPE_F32, 2, (uint64_t[]){ 256, 1024 }, &e), 0);
    CHECK_EQ(model_writer_begin(w, path, &e), 0);
    for (int i = 0; i < 256; i++)
        CHECK_EQ(model_writer_write(w, ones, sizeof(ones), &e), 0);
    CHECK_EQ(model_writer_commit(w, &e), 0);
    model_writer_free(w);
    CHECK_EQ(model_file_open(&m, path, &e), 0);
    t = model_file_tensors(m, &n);
    CHECK_EQ(truncate(path, 512 << 10), 0);
    for (size_t i = 0; i < t->bytes; i++)
        zeros += ((const volatile uint8_t *)t->data)[i] == 0;
    CHECK(zeros >= (512 << 10) && zeros < (520 << 10));
    CHECK_EQ(model_file_check(m, &e), ERR_IO);
    model_file_close(m);
    e = (struct err){ 0 };
    CHECK_EQ(model_file_open(&m, path, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "the file is cut short") != NULL);
}

/* How a child ends that does `what` with a handler of ours behind others or alone. */
static int child(void (*before)(void), void (*what)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct model_map m;

        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
        if (before)
            before();
        if (model_map_open(&m, in_folder("whole"), NULL) != 0)
            _exit(99);
        what();
        _exit(7);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void other_handler(int sig)
{
    (void)sig;
    _exit(42);
}

static void other_action(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    _exit(info->si_code == BUS_ADRERR ? 43 : 44);
}

static void install_handler(void)
{
    signal(SIGBUS, other_handler);
}

static void install_action(void)
{
    struct sigaction a = { .sa_sigaction = other_action, .sa_flags = SA_SIGINFO };

    sigaction(SIGBUS, &a, NULL);
}

static void install_default(void)
{
    signal(SIGBUS, SIG_DFL); /* a sanitizer may have put its own */
}

static void ignore(void)
{
    signal(SIGBUS, SIG_IGN);
}

static void fault_elsewhere(void)
{
    int fd = open(in_folder("cut"), O_RDWR);
    volatile uint8_t *p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);

    if (ftruncate(fd, 0) != 0)
        _exit(98);
    (void)p[0];
}

static void sent(void)
{
    raise(SIGBUS);
}

/* SIGBUS that is not ours does what it did before.  The children are new processes of this one, so
 * what was installed before their first map is what stands behind. */
static void passed_on(void)
{
    struct {
        void (*before)(void), (*what)(void);
        int end;
    } row[] = {
        { install_default, fault_elsewhere, -SIGBUS },
        { install_default, sent, -SIGBUS },
        { ignore, fault_elsewhere, -SIGBUS },
        { ignore, sent, 7 },
        { install_handler, fault_elsewhere, 42 },
        { install_action, fault_elsewhere, 43 },
        { install_action, sent, 44 },
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        write_ones(in_folder("cut"), page);
        CHECK_EQ(child(row[i].before, row[i].what), row[i].end);
    }
}

int main(void)
{
    static const char *const made[] = { "whole",  "cut",    "empty",     "pipe",
                                        "socket", "secret", "model.gguf" };

    page = (size_t)sysconf(_SC_PAGESIZE);
    if (!mkdtemp(folder))
        TEST_SKIP("no folder in /tmp");
    write_ones(in_folder("whole"), 10);
    passed_on(); /* first: nothing is mapped yet in this process */
    no_files();
    cut_short();
    cut_model();
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        unlink(in_folder(made[i]));
    rmdir(in_folder("folder"));
    rmdir(folder);
    TEST_DONE();
}
