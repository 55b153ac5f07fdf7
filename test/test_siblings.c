/* An odd one out among links and GPUs: seen when it is there, and only then. */
#include "core/siblings.h"

#include "core/mem.h"
#include "test.h"

enum { GPUS = 4, PAIRS = GPUS * (GPUS - 1) };

static void row(struct result *r, int gpu, int peer, double value)
{
    *r = (struct result){ .value = value, .direction = HIGHER_IS_BETTER, .status = RESULT_OK };
    snprintf(r->name, sizeof(r->name), "silicon.memory");
    snprintf(r->metric, sizeof(r->metric), "bandwidth");
    snprintf(r->unit, sizeof(r->unit), "GB/s");
    snprintf(r->device, sizeof(r->device), "gpu:%d", gpu);
    r->params.n = 2;
    snprintf(r->axis_name[0], sizeof(r->axis_name[0]), "op");
    snprintf(r->params.p[0].text, sizeof(r->params.p[0].text), "read");
    snprintf(r->axis_name[1], sizeof(r->axis_name[1]), "peer");
    snprintf(r->params.p[1].text, sizeof(r->params.p[1].text), "%d", peer);
}

/* Every ordered pair, all within half a percent of 394. */
static void matrix(struct result *rows)
{
    int n = 0;

    for (int a = 0; a < GPUS; a++)
        for (int b = 0; b < GPUS; b++)
            if (a != b) {
                row(&rows[n], a, b, 394 + (n % 5 - 2));
                n++;
            }
}

int main(void)
{
    struct result rows[PAIRS];
    struct err e = { 0 };

    matrix(rows);
    CHECK_EQ(siblings_judge(rows, PAIRS, &e), 0);
    rows[7].value = 310; /* 2 -> 1 */
    CHECK_EQ(siblings_judge(rows, PAIRS, &e), 1);
    CHECK_STR(rows[7].notes[0],
              "odd one out: 21 % worse than the median of the 12 alike, 393 GB/s");
    CHECK_STR(rows[6].notes[0], "");
    /* Better is not odd, and 4 % is within the noise of links. */
    matrix(rows);
    rows[3].value = 500;
    rows[4].value = 379;
    CHECK_EQ(siblings_judge(rows, PAIRS, &e), 0);
    /* Lower is better. */
    matrix(rows);
    for (int i = 0; i < PAIRS; i++)
        rows[i].direction = LOWER_IS_BETTER;
    rows[3].value = 300;
    rows[5].value = 800;
    CHECK_EQ(siblings_judge(rows, PAIRS, &e), 1);
    CHECK(rows[5].notes[0][0] && !rows[3].notes[0][0]);
    /* Half near, half far (two islands of links): no one is odd. */
    matrix(rows);
    for (int i = 0; i < PAIRS; i += 2)
        rows[i].value = 50;
    CHECK_EQ(siblings_judge(rows, PAIRS, &e), 0);
    /* Where all scatter, more is needed: 5 sigma of 1.48 x 3 are 22. */
    for (int i = 0; i < 7; i++) {
        static const double scattered[] = { 94, 97, 100, 103, 106, 100, 80 };

        row(&rows[i], 0, i + 1, scattered[i]);
    }
    CHECK_EQ(siblings_judge(rows, 7, &e), 0);
    rows[6].value = 75;
    CHECK_EQ(siblings_judge(rows, 7, &e), 1);
    /* Another metric is another thing. */
    matrix(rows);
    rows[0].value = 100;
    snprintf(rows[1].metric, sizeof(rows[1].metric), "latency");
    CHECK_EQ(siblings_judge(rows, 3, &e), 0);
    /* Two rows cannot tell which is wrong; neither can rows of other settings, or without value. */
    matrix(rows);
    rows[0].value = 100;
    CHECK_EQ(siblings_judge(rows, 2, &e), 0);
    CHECK_EQ(siblings_judge(rows, 3, &e), 1);
    matrix(rows);
    rows[0].value = 100;
    snprintf(rows[1].params.p[0].text, sizeof(rows[1].params.p[0].text), "write");
    CHECK_EQ(siblings_judge(rows, 3, &e), 0);
    matrix(rows);
    rows[0].value = 100;
    rows[1].status = RESULT_SKIPPED;
    CHECK_EQ(siblings_judge(rows, 3, &e), 0);
    matrix(rows);
    snprintf(rows[0].device, sizeof(rows[0].device), "cpu");
    rows[0].value = 100;
    CHECK_EQ(siblings_judge(rows, 3, &e), 0);
    CHECK_EQ(siblings_judge(rows, 0, &e), 0);
    mem_fail_at(1);
    CHECK_EQ(siblings_judge(rows, 3, &e), ERR_NOMEM);
    mem_fail_at(0);
    TEST_DONE();
}
