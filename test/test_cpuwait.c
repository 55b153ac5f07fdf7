/* Time waited for a CPU: read from trees made here, and provoked on this machine. */
#include "host/cpuwait.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "core/clock.h"

#include "fake_tree.h"
#include "test.h"

static void from_trees(void)
{
    char root[FAKE_ROOT];
    struct worker_cpu use;
    struct err e = { 0 };

    fake_new(root);
    CHECK_EQ(cpuwait_at(root, &use, &e), ERR_NOTSUP);
    fake_put(root, "/proc/self/task/10/schedstat", "2000000000 500000000 77\n");
    fake_put(root, "/proc/self/task/11/schedstat", "1000000000 250000000 3\n");
    CHECK_EQ(cpuwait_at(root, &use, &e), 0);
    CHECK(fabs(use.run_s - 3) < 1e-9);
    CHECK(fabs(use.wait_s - 0.75) < 1e-9);
    /* Nonsense and what is not there are left out; with nothing left there is no account. */
    fake_put(root, "/proc/self/task/11/schedstat", "-1 lots\n");
    fake_put(root, "/proc/self/task/12/comm", "no schedstat\n");
    CHECK_EQ(cpuwait_at(root, &use, &e), 0);
    CHECK(fabs(use.run_s - 2) < 1e-9);
    fake_put(root, "/proc/self/task/10/schedstat", "");
    CHECK_EQ(cpuwait_at(root, &use, &e), ERR_NOTSUP);
    fake_remove(root);
}

static atomic_bool stop;

static void *spin(void *arg)
{
    while (!atomic_load(&stop))
        ;
    return arg;
}

/* Two spinning threads on one CPU: in 0.2 s one of the two waits all the time. */
static void provoked(void)
{
    struct worker_cpu before, after;
    pthread_t threads[2];
    cpu_set_t all, one;
    struct err e = { 0 };

    if (cpuwait_now(&before, &e) == ERR_NOTSUP) {
        printf("no schedstat here: not provoked\n");
        return;
    }
    CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    CHECK_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, spin, NULL), 0);
    clock_sleep_ns(20000000);
    CHECK_EQ(cpuwait_now(&before, &e), 0);
    clock_sleep_ns(200000000);
    CHECK_EQ(cpuwait_now(&after, &e), 0);
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("in 0.2 s: ran %.3f s, waited %.3f s\n", after.run_s - before.run_s,
           after.wait_s - before.wait_s);
    CHECK(after.wait_s - before.wait_s > 0.1);
    CHECK(after.run_s - before.run_s < 0.3);
}

int main(void)
{
    from_trees();
    provoked();
    TEST_DONE();
}
