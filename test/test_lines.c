/* Lines over a socket pair, and the lock between runs. */
#include "core/lines.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/lock.h"
#include "core/mem.h"
#include "test.h"

static void whole_lines(void)
{
    int pair[2];
    struct lines in;
    struct err e = { 0 };
    char *line, *big = mem_calloc(300001, 1);

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    lines_init(&in, pair[0]);
    CHECK_EQ(lines_read(&in, 0, &line, &e), ERR_TIMEOUT);
    CHECK_EQ(send(pair[1], "one\ntwo\nthr", 11, 0), 11);
    CHECK_EQ(lines_read(&in, 100, &line, &e), 1);
    CHECK_STR(line, "one");
    CHECK_EQ(lines_read(&in, 100, &line, &e), 1);
    CHECK_STR(line, "two");
    CHECK_EQ(lines_read(&in, 1, &line, &e), ERR_TIMEOUT);
    CHECK_EQ(lines_write(pair[1], "ee", 2, &e), 0);
    CHECK_EQ(lines_read(&in, 100, &line, &e), 1);
    CHECK_STR(line, "three");
    memset(big, 'x', 300000);
    if (fork() == 0) { /* larger than the socket's buffer: somebody must read meanwhile */
        lines_write(pair[1], big, 300000, NULL);
        _exit(0);
    }
    CHECK_EQ(lines_read(&in, 5000, &line, &e), 1);
    CHECK_EQ(strlen(line), 300000);
    wait(NULL);
    close(pair[1]);
    CHECK_EQ(lines_read(&in, 100, &line, &e), 0);
    CHECK_EQ(lines_write(pair[0], "x", 1, &e), ERR_IO); /* and no SIGPIPE */
    lines_release(&in);
    close(pair[0]);
    mem_free(big);
}

static volatile sig_atomic_t stop;

static void locks(void)
{
    char dir[] = "/tmp/headroom-test-XXXXXX", path[64];
    struct lock a, b;
    struct err e = { 0 };
    struct stat st;

    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof(path), "%s/lock", dir);
    CHECK_EQ(lock_take(&a, path, 0, NULL, &e), 0);
    CHECK_EQ(stat(path, &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0666);
    CHECK_EQ(lock_take(&b, path, 0.1, NULL, &e), ERR_BUSY);
    CHECK(strstr(e.msg, "another run is measuring") != NULL);
    CHECK(strstr(e.msg, "process ") != NULL);
    stop = 1;
    e = (struct err){ 0 };
    CHECK_EQ(lock_take(&b, path, 10, &stop, &e), ERR_INTERRUPT);
    lock_release(&a);
    lock_release(&a);
    e = (struct err){ 0 };
    CHECK_EQ(lock_take(&b, path, 0, NULL, &e), 0);
    lock_release(&b);
    CHECK_EQ(lock_take(&b, "/nonexistent/lock", 0, NULL, &e), ERR_IO);
    unlink(path);
    CHECK_EQ(symlink("/tmp/elsewhere", path), 0); /* a planted link is not followed */
    e = (struct err){ 0 };
    CHECK_EQ(lock_take(&b, path, 0, NULL, &e), ERR_IO);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    whole_lines();
    locks();
    TEST_DONE();
}
