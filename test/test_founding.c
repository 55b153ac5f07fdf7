/* test_founding.c - the founding documents' impossible figures through the plausibility gate: each
 * is refused with the reason, and the honest figures beside them pass (test/data/founding.txt). */
#include "core/limits.h"
#include "core/result.h"
#include "test.h"

enum { COLUMNS = 9, LINE = 400 };

/* The gate's own, as the worker has them: a paper limit rests on a clock that was measured. */
static const double PAPER_SLACK = 0.02;

struct figure {
    char text[LINE];
    char *verdict, *document, *name, *unit, *better, *kind, *bound, *source;
    double value;
};

/* "a * b / c": from left to right.  NaN for anything else. */
static double evaluate(const char *p)
{
    char *end;
    double x = strtod(p, &end);

    while (end != p) {
        char op;

        while (*end == ' ')
            end++;
        if (*end == '\0')
            return x;
        op = *end;
        p = end + 1;
        double y = strtod(p, &end);

        if (op != '*' && op != '/')
            return (double)NAN;
        x = op == '*' ? x * y : x / y;
    }
    return (double)NAN;
}

/* Cut a line at " | "; false where it has not the columns. */
static bool cut(struct figure *f)
{
    char *column[COLUMNS] = { f->text }, *p = f->text, *end;
    int n = 1;

    f->text[strcspn(f->text, "\n")] = '\0';
    while (n < COLUMNS && (p = strstr(p, " | ")) != NULL) {
        *p = '\0';
        p += 3;
        column[n++] = p;
    }
    if (n != COLUMNS)
        return false;
    f->verdict = column[0];
    f->document = column[1];
    f->name = column[2];
    f->value = strtod(column[3], &end);
    f->unit = column[4];
    f->better = column[5];
    f->kind = column[6];
    f->bound = column[7];
    f->source = column[8];
    return *end == '\0' && isfinite(evaluate(f->bound));
}

static void fill(const struct figure *f, struct result *r)
{
    double bound = evaluate(f->bound);

    *r = (struct result){ .direction =
                              strcmp(f->better, "higher") == 0 ? HIGHER_IS_BETTER : LOWER_IS_BETTER,
                          .status = RESULT_OK,
                          .value = f->value,
                          .value_lo = f->value,
                          .value_hi = f->value };
    snprintf(r->unit, sizeof(r->unit), "%s", f->unit);
    limit_paper(&r->limits, bound, "%s = %s", f->source, f->bound);
    if (strcmp(f->kind, "measured") == 0)
        r->limits.l[0].kind = LIMIT_MEASURED;
    limits_bind(&r->limits, r->direction);
}

/* Through the gate; gives whether it was refused. */
static bool judge(const struct figure *f)
{
    struct result r;
    char why[256] = "", value[32];
    bool refused;

    fill(f, &r);
    CHECK_EQ(r.limits.binding, 0);
    refused =
        limits_implausible(&r, strcmp(f->kind, "paper") == 0 ? PAPER_SLACK : 0, why, sizeof(why));
    snprintf(value, sizeof(value), "%.4g %s", f->value, f->unit);
    if (refused) { /* it says what, of what, and why */
        CHECK(strstr(why, value) != NULL);
        CHECK(strstr(why, f->kind) != NULL);
        CHECK(strstr(why, f->source) != NULL);
    }
    if (refused != (strcmp(f->verdict, "refused") == 0)) {
        fprintf(stderr, "%s, %s: %s is %s, bound %.4g\n", f->document, f->name, value,
                refused ? "refused" : "let through", r.limits.l[0].value);
        test_failures++;
    }
    return refused;
}

/* The gate must be what decides: every refused figure passes once its bound is far enough. */
static void check_moves(const struct figure *f)
{
    bool higher = strcmp(f->better, "higher") == 0;
    struct result r;
    char why[256];

    fill(f, &r);
    r.limits.l[0].value = r.limits.l[0].lo = r.limits.l[0].hi = f->value * (higher ? 1.5 : 0.67);
    CHECK(!limits_implausible(&r, 0, why, sizeof(why)));
}

int main(void)
{
    FILE *in = fopen("test/data/founding.txt", "r");
    int refused = 0, passed = 0;
    struct figure f;

    CHECK_NEAR(evaluate("4 * 3 / 6"), 2, 0);
    CHECK(isnan(evaluate("4 + 3")) && isnan(evaluate("")) && isnan(evaluate("4 *")));
    if (!in) {
        perror("test/data/founding.txt");
        return 1;
    }
    while (fgets(f.text, sizeof(f.text), in)) {
        if (f.text[0] == '#')
            continue;
        if (!cut(&f)) {
            fprintf(stderr, "not a figure: %s\n", f.text);
            test_failures++;
            continue;
        }
        if (judge(&f)) {
            refused++;
            check_moves(&f);
        } else {
            passed++;
        }
    }
    fclose(in);
    printf("%d figures refused, %d passed\n", refused, passed);
    CHECK(refused >= 20 && passed >= 20);
    TEST_DONE();
}
