/* history.c - opening a history, and bringing its tables up to date. */
#include "store/history.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mem.h"
#include "store/history_db.h"
#include "store/history_schema.h"

static bool is_server(const char *where)
{
    return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
}

bool history_exists(const char *where)
{
    struct stat st;

    return is_server(where) || stat(where, &st) == 0;
}

/* Copy `n` bytes and go on behind them; what does not fit is left out. */
static void add(char **at, const char *end, const char *text, size_t n)
{
    for (; n > 0 && *at + 1 < end; n--)
        *(*at)++ = *text++;
    **at = '\0';
}

/* Write the URL that begins at `url` without what stands between "user:" and "@". */
static const char *hide_user(char **at, const char *end, const char *text, const char *url)
{
    const char *user = strstr(url, "://") + 3, *host = user + strcspn(user, "@/?");
    const char *colon = memchr(user, ':', (size_t)(host - user));

    if (*host != '@' || !colon)
        return text;
    add(at, end, text, (size_t)(colon + 1 - text));
    add(at, end, "***", 3);
    return host;
}

void history_shown(const char *where, char *buf, size_t cap)
{
    const char *url = strstr(where, "postgresql://"), *secret;
    char *at = buf;

    *at = '\0';
    url = url ? url : strstr(where, "postgres://");
    if (url)
        where = hide_user(&at, buf + cap, where, url);
    while (url && (secret = strstr(where, "password="))) {
        secret += strlen("password=");
        add(&at, buf + cap, where, (size_t)(secret - where));
        add(&at, buf + cap, "***", 3);
        where = secret + strcspn(secret, "&");
    }
    add(&at, buf + cap, where, strlen(where));
}

/* Another program may have done it while we waited: the version is asked again inside. */
static int migrate(struct db *db, const char *where, struct err *e)
{
    char shown[120];
    int v, rc = 0;

    history_shown(where, shown, sizeof(shown));
    TRY(db->ops->version(db, &v, e));
    if (v == HISTORY_SCHEMA)
        goto out;
    if (v < HISTORY_SCHEMA) {
        TRY(db->ops->begin(db, e));
        TRY(db->ops->version(db, &v, e));
        for (; v < HISTORY_SCHEMA; v++)
            TRY(db->ops->script(db, db->ops->schema[v], e));
        if (v == HISTORY_SCHEMA)
            TRY(db->ops->set_version(db, v, e));
        TRY(db->ops->commit(db, e));
    }
    if (v > HISTORY_SCHEMA)
        rc = ERR(e, ERR_FORMAT,
                 "%s: the history has schema %d; this program knows those up to %d: a newer "
                 "headroom wrote it",
                 shown, v, HISTORY_SCHEMA);
out:
    if (rc < 0)
        db->ops->rollback(db);
    return rc;
}

/* Open for reading, unless the tables are older than this program. */
static int open_read(struct history *h, const struct db_ops *ops, const char *where, struct err *e)
{
    int v, rc = 0;

    TRY(ops->open(&h->db, where, false, e));
    TRY(ops->version(h->db, &v, e));
    if (v > 0 && v >= HISTORY_SCHEMA)
        return migrate(h->db, where, e);
    ops->close(h->db);
    h->db = NULL;
    TRY(ops->open(&h->db, where, true, e));
    TRY(migrate(h->db, where, e));
out:
    return rc;
}

int history_open(struct history **out, const char *where, enum history_mode mode, struct err *e)
{
    const struct db_ops *ops = is_server(where) ? &history_postgres_ops : &history_sqlite_ops;
    struct history *h = mem_calloc(1, sizeof(*h));
    int rc = 0;

    *out = NULL;
    if (!h)
        return ERR(e, ERR_NOMEM, "no memory to open the history");
    if (mode == HISTORY_READ) {
        TRY(open_read(h, ops, where, e));
    } else {
        TRY(ops->open(&h->db, where, true, e));
        TRY(migrate(h->db, where, e));
    }
    *out = h;
out:
    if (rc < 0)
        history_close(h);
    return rc;
}

void history_close(struct history *h)
{
    if (!h)
        return;
    if (h->db)
        h->db->ops->close(h->db);
    mem_free(h);
}
