/* test_run_file.c - result files and the cache of ceilings on real file systems. */
#include "fixture_record.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "store/ceilings_file.h"
#include "store/facts_json.h"
#include "store/run_file.h"
#include "store/run_json.h"

static char folder[] = "/tmp/headroom-test-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static int next;

    next = (next + 1) % 4;
    snprintf(path[next], sizeof(path[next]), "%s/%s", folder, name);
    return path[next];
}

static char *text_of(const struct run_record *r)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    CHECK_EQ(run_json_print(r, f, NULL), 0);
    fclose(f);
    return text;
}

static size_t files_in_folder(void)
{
    char command[96];
    size_t n = 0;
    FILE *f;

    snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
    f = popen(command, "r");
    if (!f || fscanf(f, "%zu", &n) != 1)
        abort();
    pclose(f);
    return n;
}

static void test_round_trip(void)
{
    struct run_record r, back;
    struct err e = { 0 };
    const char *path = in_folder("run.json");
    char *before, *after;

    fixture_record(&r);
    CHECK_EQ(run_file_check_writable(path, &e), 0);
    CHECK_EQ(files_in_folder(), 0);
    CHECK_EQ(run_file_write(path, &r, &e), 0);
    CHECK_EQ(run_file_write(path, &r, &e), 0);
    CHECK_EQ(files_in_folder(), 1);
    CHECK_EQ(run_file_read(path, &back, &e), 0);
    CHECK_STR(e.msg, "");
    before = text_of(&r);
    after = text_of(&back);
    CHECK_EQ(back.n_results, r.n_results);
    CHECK_EQ(back.argc, r.argc);
    CHECK_STR(back.argv[4], "a b.json");
    CHECK_EQ(back.status, RUN_PARTIAL);
    CHECK_EQ(back.ceilings.n, 1);
    CHECK_STR(facts_get_text(&back.machine, "gpus.1.model", "?"), "Example GPU");
    CHECK_STR(facts_get(&back.machine, "gpus.0.vbios")->text, "the driver does not say");
    CHECK_EQ(facts_get(&back.machine, "cpu.hz_max")->kind, FACT_REAL);
    CHECK(strstr(before, "\"governor\":null") && strstr(before, "\"cpu.governor\":\"no cpufreq"));
    /* The order of the machine's fields may change with its lists; the second time it does not. */
    run_record_release(&r);
    CHECK_EQ(run_json_parse(after, strlen(after), &r, &e), 0);
    free(before);
    before = text_of(&r);
    CHECK_STR(before, after);
    free(before);
    free(after);
    run_record_release(&r);
    run_record_release(&back);
    unlink(path);
}

/* The first `old` in a good file becomes `new`; it must be refused with `message`. */
static void refused(const char *old, const char *new, const char *message)
{
    struct run_record r, back;
    struct err e = { 0 };
    char *text, *at, *planted = NULL;
    size_t n;
    FILE *f = open_memstream(&planted, &n);

    fixture_record(&r);
    text = text_of(&r);
    at = strstr(text, old);
    CHECK(at != NULL);
    if (at)
        fprintf(f, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    fclose(f);
    CHECK_EQ(run_json_parse(planted, n, &back, &e), ERR_FORMAT);
    if (!strstr(e.msg, message))
        fprintf(stderr, "%s: \"%s\" lacks \"%s\"\n", new, e.msg, message);
    CHECK(strstr(e.msg, message) != NULL);
    CHECK(back.results == NULL && back.argv == NULL && back.machine.f == NULL);
    free(planted);
    free(text);
    run_record_release(&r);
}

static void test_refused(void)
{
    refused("\"schema\": 1", "\"schema\": 2", "schema: 2; this program reads 1");
    refused("\"schema\": 1", "\"schema\": \"1\"", "schema: not a whole number");
    refused("\"schema\": 1,", "", "not a result file of headroom");
    refused("\"seed\":42", "\"seed\":-1", "run.seed: not a whole number");
    refused("\"partial\"", "\"done\"", "run.status: \"done\"");
    refused("\"a b.json\"", "7", "run.argv: item 4");
    refused("\"Example CPU 9000\"", "{\"a.b\":1}", "machine.cpu.model.a.b: not a name");
    refused("\"Example CPU 9000\"", "{\"7\":1}", "machine.cpu.model.7: not a name");
    refused("\"Example CPU 9000\"", "[[[[[[[[[[[[[[1]]]]]]]]]]]]]]", "levels");
    refused("\"unavailable\":{", "\"unavailable_\":{", "machine.unavailable: missing");
    refused("\"value\":201.5", "\"value\":null", "ceilings[0].value");
    refused("\"name\":\"silicon.memory\"", "\"name\":12", "results[0].name: neither text");
    refused("\"results\": [", "\"results\": [7,", "results[0]: not an object");
    refused("\"results\": [", "\"results\": 7, \"x\": [", "results: not an array");
    refused("\"mild\":", "\"mild\":1.5,\"x\":", "results[0].runs[0].outliers.mild: not a whole");
    refused("]\n}\n", "]\n", "result file: not valid JSON");
}

static int read_fails(const char *path, const char *contents, struct err *e)
{
    struct run_record r;
    FILE *f = fopen(path, "w");

    fputs(contents, f);
    fclose(f);
    return run_file_read(path, &r, e);
}

static void test_bad_files(void)
{
    struct run_record r;
    struct err e = { 0 }, missing = { 0 }, is_folder = { 0 };
    const char *path = in_folder("bad.json");

    CHECK_EQ(read_fails(path, "{\"schema\": 1}", &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "bad.json: run: missing") != NULL);
    CHECK_EQ(read_fails(path, "", NULL), ERR_FORMAT);
    unlink(path);
    CHECK_EQ(run_file_read(path, &r, &missing), ERR_IO);
    CHECK(strstr(missing.msg, "bad.json: No such file") != NULL);
    CHECK_EQ(run_file_read(folder, &r, &is_folder), ERR_IO);
}

/* Writing to `path` fails, and the message has its name and `why`. */
static void cannot_write(const char *path, int code, const char *why)
{
    struct run_record r = { 0 };
    struct err e = { 0 };

    CHECK_EQ(run_file_write(path, &r, &e), code);
    if (!strstr(e.msg, why))
        fprintf(stderr, "%s: \"%s\" lacks \"%s\"\n", path, e.msg, why);
    CHECK(strstr(e.msg, why) != NULL);
}

static void test_unwritable(void)
{
    struct err e[5] = { 0 };
    const char *nowhere = in_folder("no/such/run.json");

    CHECK_EQ(run_file_check_writable(nowhere, &e[0]), ERR_IO);
    CHECK(strstr(e[0].msg, "no/such/run.json: No such file") != NULL);
    CHECK_EQ(run_file_check_writable(folder, &e[1]), ERR_IO);
    CHECK(strstr(e[1].msg, "is a directory") != NULL);
    CHECK_EQ(run_file_check_writable("", &e[2]), ERR_ARG);
    CHECK_EQ(run_file_check_writable(in_folder("no/"), &e[3]), ERR_ARG);
    CHECK_EQ(run_file_check_writable("/dev/null", &e[4]), 0);
    cannot_write(nowhere, ERR_IO, "No such file");
    cannot_write(folder, ERR_IO, "is a directory");
    cannot_write("/dev/full", ERR_IO, "/dev/full: No space left");
    if (geteuid() != 0) { /* root may write anywhere */
        CHECK_EQ(run_file_check_writable("/proc/run.json", NULL), ERR_IO);
        CHECK_EQ(run_file_check_writable("/root/run.json", NULL), ERR_IO);
    }
}

static int fill_text(const void *self, FILE *f, struct err *e)
{
    (void)e;
    fputs(self, f);
    return 0;
}

static int fill_fails(const void *self, FILE *f, struct err *e)
{
    fputs(self, f);
    return ERR(e, ERR_NOMEM, "no memory for a test");
}

static void expect_text(const char *path, const char *expected)
{
    char *text;
    size_t n;

    CHECK_EQ(atomic_file_read(path, 1000, &text, &n, NULL), 0);
    CHECK_STR(text ? text : "(none)", expected);
    mem_free(text);
}

static void test_atomic(void)
{
    const char *path = in_folder("target"), *link = in_folder("link"),
               *temp = in_folder(".target.tmp");
    struct err e = { 0 };
    struct stat st;

    CHECK_EQ(atomic_file_write(path, fill_text, "old", &e), 0);
    CHECK_EQ(atomic_file_write(path, fill_fails, "new", &e), ERR_NOMEM);
    CHECK(strstr(e.msg, "target: no memory for a test") != NULL);
    expect_text(path, "old");
    /* A run that was killed between the two names left this. */
    CHECK_EQ(atomic_file_write(temp, fill_text, "half of", NULL), 0);
    CHECK_EQ(chmod(path, 0640), 0);
    CHECK_EQ(symlink("target", link), 0);
    CHECK_EQ(atomic_file_write(link, fill_text, "through the link", NULL), 0);
    expect_text(path, "through the link");
    CHECK(access(temp, F_OK) != 0);
    CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
    CHECK_EQ(atomic_file_read(path, 5, &(char *){ NULL }, &(size_t){ 0 }, NULL), ERR_FORMAT);
    CHECK_EQ(chmod(path, 0440), 0);
    if (geteuid() != 0)
        CHECK_EQ(atomic_file_check(path, NULL), ERR_IO);
    unlink(path);
    unlink(link);
    CHECK_EQ(files_in_folder(), 0);
}

static int fill_slowly(const void *self, FILE *f, struct err *e)
{
    (void)e;
    fputs("half of the new ", f);
    fflush(f);
    CHECK_EQ(write(*(const int *)self, "x", 1), 1);
    pause();
    return 0;
}

/* SIGKILL in the middle of a write: the old file is whole and nothing else is there. */
static void test_killed(void)
{
    const char *path = in_folder("killed");
    int pipe_fd[2];
    char c;
    pid_t child;

    CHECK_EQ(atomic_file_write(path, fill_text, "old", NULL), 0);
    CHECK_EQ(pipe(pipe_fd), 0);
    child = fork();
    if (child == 0)
        _exit(atomic_file_write(path, fill_slowly, &pipe_fd[1], NULL) != 0);
    CHECK_EQ(read(pipe_fd[0], &c, 1), 1);
    kill(child, SIGKILL);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    expect_text(path, "old");
    CHECK_EQ(atomic_file_write(path, fill_text, "new", NULL), 0);
    expect_text(path, "new");
    CHECK_EQ(files_in_folder(), 1);
    unlink(path);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
}

/* From now on this process's system call `nr` fails with `error` where its third argument has all
 * of `bits`.  false where the kernel (or an emulator) has no filters. */
static bool forbid(int nr, unsigned bits, int error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* File systems without unnamed files, and machines without /proc: a named file does it. */
static void test_named(int nr, unsigned bits, int error)
{
    const char *path = in_folder("named");
    int status = 0;
    pid_t child;

    CHECK_EQ(atomic_file_write(path, fill_text, "old", NULL), 0);
    child = fork();
    if (child == 0) {
        test_failures = 0;
        if (!forbid(nr, bits, error))
            _exit(77);
        CHECK_EQ(atomic_file_check(path, NULL), 0);
        CHECK_EQ(atomic_file_write(path, fill_fails, "new", NULL), ERR_NOMEM);
        expect_text(path, "old");
        CHECK_EQ(atomic_file_write(path, fill_text, "new", NULL), 0);
        _exit(test_failures != 0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        printf("files with names only: not tested, no system call filters here\n");
    } else {
        CHECK_EQ(status, 0);
        expect_text(path, "new");
    }
    unlink(path);
    CHECK_EQ(files_in_folder(), 0);
}

static int fill_large(const void *self, FILE *f, struct err *e)
{
    (void)self;
    for (int i = 0; i < 100000; i++)
        if (fputs("0123456789abcdef", f) < 0)
            return ERR(e, ERR_IO, "full");
    return 0;
}

/* A full disk in the middle: the old file is whole, nothing is left over. */
static void test_full_disk(void)
{
    const char *disk = in_folder("disk"), *path = in_folder("disk/run.json");
    struct err e = { 0 };

    CHECK_EQ(mkdir(disk, 0755), 0);
    if (mount("none", disk, "tmpfs", 0, "size=64k") != 0) {
        printf("full disk not tested: mount: %s\n", strerror(errno));
        rmdir(disk);
        return;
    }
    CHECK_EQ(atomic_file_write(path, fill_text, "old", &e), 0);
    CHECK_EQ(atomic_file_write(path, fill_large, NULL, &e), ERR_IO);
    CHECK(strstr(e.msg, "run.json: No space left") != NULL);
    expect_text(path, "old");
    unlink(path);
    CHECK_EQ(umount(disk), 0);
    CHECK_EQ(rmdir(disk), 0);
}

static void note_has(const char *path, const char *fingerprint, const char *words)
{
    struct ceilings cs = { 0 };
    char note[256];

    ceilings_file_load(path, fingerprint, &cs, note, sizeof(note));
    if (!strstr(note, words))
        fprintf(stderr, "\"%s\" lacks \"%s\"\n", note, words);
    CHECK(words[0] ? strstr(note, words) != NULL : note[0] == '\0');
    CHECK_EQ(cs.n, 0);
    ceilings_release(&cs);
}

static void test_ceilings(void)
{
    const char *path = in_folder("a/b/ceilings.json");
    struct run_record r;
    struct ceilings back = { 0 };
    char note[256] = "?";

    fixture_record(&r);
    note_has(path, "f1", "");
    CHECK_EQ(ceilings_file_save(path, "f1", &r.ceilings, NULL), 0);
    ceilings_file_load(path, "f1", &back, note, sizeof(note));
    CHECK_STR(note, "");
    CHECK_EQ(back.n, 1);
    CHECK_EQ(memcmp(&back.c[0], &r.ceilings.c[0], sizeof(back.c[0])), 0);
    note_has(path, "f2", "ceilings are ignored: fingerprint: another machine's");
    CHECK_EQ(atomic_file_write(path, fill_text, "{\"schema\": 1, \"ceil", NULL), 0);
    note_has(path, "f1", "not valid JSON");
    CHECK_EQ(atomic_file_write(path, fill_text,
                               "{\"schema\":1,\"fingerprint\":\"f1\",\"ceilings\":[{}]}", NULL),
             0);
    note_has(path, "f1", "ceilings[0].name: missing");
    CHECK_EQ(atomic_file_write(path, fill_text, "{\"schema\":2}", NULL), 0);
    note_has(path, "f1", "schema");
    unlink(path);
    rmdir(in_folder("a/b"));
    rmdir(in_folder("a"));
    ceilings_release(&back);
    run_record_release(&r);
}

/* A key through another's value, odd names, gaps in lists: written all the same, and readable. */
static void test_odd_facts(void)
{
    struct run_record r = { 0 }, back;
    char *text, *again;

    facts_text(&r.machine, "cpu", "a value");
    facts_text(&r.machine, "cpu.model", "lost");
    facts_int(&r.machine, "disks.2.size_bytes", 7);
    facts_int(&r.machine, "disks.name", 8);
    facts_int(&r.machine, "flags.0", 1);
    facts_int(&r.machine, "flags.1", 2);
    text = text_of(&r);
    CHECK(strstr(text, "\"cpu\":\"a value\"") != NULL);
    CHECK(strstr(text, "\"cpu.model\":\"its name collides") != NULL);
    CHECK(strstr(text, "\"disks\":[null,null,{\"size_bytes\":7}]") != NULL);
    CHECK(strstr(text, "\"flags\":[1,2]") != NULL);
    CHECK_EQ(run_json_parse(text, strlen(text), &back, NULL), 0);
    again = text_of(&back);
    run_record_release(&r);
    CHECK_EQ(run_json_parse(again, strlen(again), &r, NULL), 0);
    free(text);
    text = text_of(&r);
    CHECK_STR(text, again);
    free(text);
    free(again);
    run_record_release(&r);
    run_record_release(&back);
}

static void test_out_of_memory(void)
{
    struct run_record r, back;
    char *text;
    uint64_t n;

    fixture_record(&r);
    text = text_of(&r);
    for (n = 1;; n += n < 300 ? 1 : 97) {
        char *out = NULL;
        size_t size;
        FILE *f = open_memstream(&out, &size);
        int rc;

        mem_fail_at(n);
        rc = run_json_print(&r, f, NULL);
        mem_fail_at(0);
        fclose(f);
        free(out);
        if (rc == 0)
            break;
        CHECK_EQ(rc, ERR_NOMEM);
    }
    for (n = 1;; n += n < 300 ? 1 : 97) {
        int rc;

        mem_fail_at(n);
        rc = run_json_parse(text, strlen(text), &back, NULL);
        mem_fail_at(0);
        if (rc == 0)
            break;
        CHECK_EQ(rc, ERR_NOMEM);
    }
    CHECK(n > 1000);
    run_record_release(&back);
    run_record_release(&r);
    free(text);
}

int main(void)
{
    if (!mkdtemp(folder))
        TEST_SKIP("no folder in /tmp: %s", strerror(errno));
    test_round_trip();
    test_refused();
    test_bad_files();
    test_unwritable();
    test_atomic();
    test_killed();
    test_named(SYS_openat, O_TMPFILE, EOPNOTSUPP);
    test_named(SYS_linkat, 0, ENOENT);
    test_full_disk();
    test_ceilings();
    test_odd_facts();
    test_out_of_memory();
    CHECK_EQ(files_in_folder(), 0);
    rmdir(folder);
    TEST_DONE();
}
