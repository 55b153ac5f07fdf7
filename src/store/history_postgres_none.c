/* history_postgres_none.c - the twin of history_postgres.c where there is no libpq-dev. */
#include "store/history_db.h"

static int open_nothing(struct db **out, const char *where, bool write, struct err *e)
{
    (void)where;
    (void)write;
    *out = NULL;
    return ERR(
        e, ERR_NOTSUP,
        "this headroom was built without PostgreSQL (libpq-dev): it cannot open a history on "
        "a server");
}

const struct db_ops history_postgres_ops = { .open = open_nothing };
