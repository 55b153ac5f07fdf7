/* history_baseline.c - names for stored runs. */
#include "store/history_baseline.h"

#include <ctype.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "store/history_db.h"
#include "store/history_row.h"

#define COLUMNS "b.name, b.saved, " HISTORY_ROW_RUN
#define TABLES  "baseline AS b JOIN run ON run.seq = b.run"

/* As the beginning of a run's id is: a day, and at most a T and what follows. */
static bool looks_like_id(const char *name)
{
    size_t digits = strspn(name, "0123456789");

    return name[digits] == '\0' || (digits == 8 && name[8] == 'T');
}

int history_baseline_name(const char *name, struct err *e)
{
    size_t n = strlen(name);

    if (n == 0 || n >= BASELINE_NAME)
        return ERR(e, ERR_ARG, "the name of a baseline has 1 to %d characters", BASELINE_NAME - 1);
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && (i == 0 || !strchr("._+-", name[i])))
            return ERR(e, ERR_ARG,
                       "\"%.63s\": the name of a baseline is of letters, digits and ._+-, and "
                       "begins with one of the first two",
                       name);
    if (strcmp(name, "latest") == 0 || looks_like_id(name) ||
        (n > 5 && strcmp(name + n - 5, ".json") == 0))
        return ERR(e, ERR_ARG,
                   "\"%.63s\" already means another run: the latest, one by its id, or a file",
                   name);
    return 0;
}

struct list {
    struct history_baseline *items; /* n; owned */
    size_t n, cap;
};

static int take(void *self, const struct db_value *column, int n, struct err *e)
{
    struct list *l = self;
    struct history_baseline *b;

    (void)n;
    if (l->n == l->cap) {
        b = mem_realloc(l->items, l->cap + 16, sizeof(*b));
        if (!b)
            return ERR(e, ERR_NOMEM, "no memory for %zu baselines", l->cap + 16);
        l->items = b;
        l->cap += 16;
    }
    b = &l->items[l->n++];
    *b = (struct history_baseline){ 0 };
    db_get_text(&column[0], b->name, sizeof(b->name));
    db_get_text(&column[1], b->saved, sizeof(b->saved));
    history_row_run(&column[2], &b->run);
    return 0;
}

int history_baseline_list(struct history *h, struct history_baseline **out, size_t *n,
                          struct err *e)
{
    struct list l = { 0 };
    const struct db_rows rows = { .row = take, .self = &l };
    int rc = h->db->ops->exec(h->db, "SELECT " COLUMNS " FROM " TABLES " ORDER BY b.name", NULL, 0,
                              &rows, e);

    if (rc < 0) {
        mem_free(l.items);
        l = (struct list){ 0 };
    }
    *out = l.items;
    *n = l.n;
    return rc;
}

int history_baseline_get(struct history *h, const char *name, struct history_baseline *out,
                         bool *found, struct err *e)
{
    struct list l = { 0 };
    const struct db_rows rows = { .row = take, .self = &l };
    const struct db_value params[] = { db_text(name) };
    int rc = h->db->ops->exec(h->db, "SELECT " COLUMNS " FROM " TABLES " WHERE b.name = $1", params,
                              1, &rows, e);

    *out = l.n ? l.items[0] : (struct history_baseline){ 0 };
    *found = rc == 0 && l.n > 0;
    mem_free(l.items);
    return rc;
}

static int drop(struct history *h, const char *name, struct err *e)
{
    const struct db_value params[] = { db_text(name) };

    return h->db->ops->exec(h->db, "DELETE FROM baseline WHERE name = $1", params, 1, NULL, e);
}

int history_baseline_save(struct history *h, const char *name, int64_t seq, bool replace,
                          struct err *e)
{
    struct history_baseline old;
    char now[32];
    bool found;
    int rc = 0;

    TRY(history_baseline_name(name, e));
    TRY(h->db->ops->begin(h->db, e));
    TRY(history_baseline_get(h, name, &old, &found, e));
    if (found && !replace) {
        rc = ERR(e, ERR_ARG,
                 "there is a baseline %s already (run %s, saved %s); --replace %s puts another in "
                 "its place",
                 name, old.run.id, old.saved, name);
        goto out;
    }
    TRY(drop(h, name, e));
    clock_utc(now);
    const struct db_value params[] = { db_text(name), db_int(seq), db_text(now) };
    TRY(h->db->ops->exec(h->db, "INSERT INTO baseline (name, run, saved) VALUES ($1, $2, $3)",
                         params, 3, NULL, e));
    TRY(h->db->ops->commit(h->db, e));
out:
    if (rc < 0)
        h->db->ops->rollback(h->db);
    return rc;
}

int history_baseline_delete(struct history *h, const char *name, bool *found, struct err *e)
{
    struct history_baseline old;
    int rc = 0;

    *found = false;
    TRY(h->db->ops->begin(h->db, e));
    TRY(history_baseline_get(h, name, &old, found, e));
    if (*found)
        TRY(drop(h, name, e));
    TRY(h->db->ops->commit(h->db, e));
out:
    if (rc < 0)
        h->db->ops->rollback(h->db);
    return rc;
}
