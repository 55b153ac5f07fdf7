/* history_postgres.c - the history on a PostgreSQL server that a fleet shares.
 *
 * libpq is loaded when a URL asks for it: linked, it would bring some twenty libraries into every
 * start of the program.  The tables are in a schema of their own, "headroom". */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/library.h"
#include "core/mem.h"
#include "store/history.h"
#include "store/history_db.h"
#include "store/history_schema.h"

/* Types of results, from PostgreSQL's catalogue pg_type, where they are fixed. */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_FLOAT8 = 701 };

enum { PARAMS_MAX = 20 };

/* clang-format off */
#define FUNCTIONS(F)                                                                         \
    F(PQconnectdbParams) F(PQstatus) F(PQerrorMessage) F(PQfinish) F(PQexec) F(PQexecParams) \
    F(PQresultStatus) F(PQresultErrorField) F(PQclear) F(PQntuples) F(PQnfields) F(PQftype)  \
    F(PQgetisnull) F(PQgetvalue) F(PQgetlength) F(PQunescapeBytea) F(PQfreemem)              \
    F(PQsetNoticeProcessor)
/* clang-format on */

struct libpq {
#define MEMBER(name) __typeof__(&name) name;
    FUNCTIONS(MEMBER)
#undef MEMBER
};

struct postgres_db {
    struct db db;
    struct library dl; /* owned */
    struct libpq pq;
    PGconn *connection; /* owned */
    char shown[120];    /* the server's name without its password */
};

#define SYMBOL(symbol) { .name = #symbol, .offset = offsetof(struct libpq, symbol) },
static const struct library_symbol symbols[] = { FUNCTIONS(SYMBOL) };
#undef SYMBOL

static int load(struct postgres_db *d, struct err *e)
{
    static const char *const names[] = { "libpq.so.5", NULL };
    static const struct library_want want = {
        .what = "a history on a server: libpq",
        .names = names,
        .advice = "install the package libpq5",
        .symbols = symbols,
        .n_symbols = sizeof(symbols) / sizeof(symbols[0]),
        .resident = true, /* its TLS library has handlers that run at exit */
    };

    return library_open(&d->dl, &want, &d->pq, e);
}

/* One line of what libpq says, which may be many. */
static const char *first_line(const char *text, char buf[160])
{
    snprintf(buf, 160, "%.*s", (int)strcspn(text, "\n"), text);
    return buf;
}

static int failed(struct postgres_db *d, const PGresult *r, struct err *e)
{
    char line[160];
    const char *state = r ? d->pq.PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *said = r ? d->pq.PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    if (!said)
        said = d->pq.PQerrorMessage(d->connection);
    first_line(said, line);
    if (d->pq.PQstatus(d->connection) != CONNECTION_OK)
        return ERR(e, ERR_IO, "%s: the server went away: %s", d->shown, line);
    if (state && (strcmp(state, "55P03") == 0 || strcmp(state, "57014") == 0))
        return ERR(e, ERR_BUSY, "%s: others held the history for longer than %d s", d->shown,
                   HISTORY_WAIT_S);
    return ERR(e, ERR_IO, "%s: %s", d->shown, line);
}

static int script(struct db *db, const char *sql, struct err *e)
{
    struct postgres_db *d = (struct postgres_db *)db;
    PGresult *r = d->pq.PQexec(d->connection, sql);
    int status = r ? (int)d->pq.PQresultStatus(r) : PGRES_FATAL_ERROR, rc = 0;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        rc = failed(d, r, e);
    d->pq.PQclear(r);
    return rc;
}

/* ---- one statement ---- */

struct parameters {
    const char *value[PARAMS_MAX];
    int length[PARAMS_MAX], binary[PARAMS_MAX];
    char number[PARAMS_MAX][32];
};

static void set_parameter(struct parameters *p, int i, const struct db_value *v)
{
    p->value[i] = p->number[i];
    switch (v->kind) {
    case DB_INT: snprintf(p->number[i], sizeof(p->number[i]), "%" PRId64, v->i); break;
    case DB_REAL: snprintf(p->number[i], sizeof(p->number[i]), "%.17g", v->r); break;
    case DB_TEXT: p->value[i] = v->p; break;
    case DB_BLOB:
        p->value[i] = v->p;
        p->length[i] = (int)v->n;
        p->binary[i] = 1;
        break;
    case DB_NULL:
    default: p->value[i] = NULL; break;
    }
}

/* bytes: where a column of bytes is decoded to, owned by the caller (PQfreemem). */
static int get_column(struct postgres_db *d, const PGresult *r, int row, int i,
                      struct db_value *out, unsigned char **bytes, struct err *e)
{
    const char *text = d->pq.PQgetvalue(r, row, i);
    size_t n = 0;

    *out = (struct db_value){ .kind = DB_NULL };
    if (d->pq.PQgetisnull(r, row, i))
        return 0;
    switch (d->pq.PQftype(r, i)) {
    case OID_INT4:
    case OID_INT8: *out = db_int(strtoll(text, NULL, 10)); return 0;
    case OID_FLOAT8: *out = db_real(strtod(text, NULL)); return 0;
    case OID_BYTEA: break;
    default: *out = db_text(text); return 0;
    }
    *bytes = d->pq.PQunescapeBytea((const unsigned char *)text, &n);
    if (!*bytes)
        return ERR(e, ERR_NOMEM, "%s: out of memory", d->shown);
    *out = db_blob(*bytes, n);
    return 0;
}

static int give_row(struct postgres_db *d, const PGresult *r, int row, const struct db_rows *rows,
                    struct err *e)
{
    struct db_value values[DB_COLUMNS_MAX];
    unsigned char *bytes[DB_COLUMNS_MAX] = { 0 };
    int n = d->pq.PQnfields(r), rc = 0;

    BUG_ON(n > DB_COLUMNS_MAX);
    for (int i = 0; i < n && rc == 0; i++)
        rc = get_column(d, r, row, i, &values[i], &bytes[i], e);
    if (rc == 0)
        rc = rows->row(rows->self, values, n, e);
    for (int i = 0; i < n; i++)
        d->pq.PQfreemem(bytes[i]);
    return rc;
}

static int exec(struct db *db, const char *sql, const struct db_value *params, int n,
                const struct db_rows *rows, struct err *e)
{
    struct postgres_db *d = (struct postgres_db *)db;
    struct parameters p = { 0 };
    PGresult *r;
    int status, rc = 0;

    BUG_ON(n > PARAMS_MAX);
    for (int i = 0; i < n; i++) {
        if (params[i].n > INT32_MAX)
            return ERR(e, ERR_IO, "%s: %zu bytes are more than it takes", d->shown, params[i].n);
        set_parameter(&p, i, &params[i]);
    }
    r = d->pq.PQexecParams(d->connection, sql, n, NULL, p.value, p.length, p.binary, 0);
    status = r ? (int)d->pq.PQresultStatus(r) : PGRES_FATAL_ERROR;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        rc = failed(d, r, e);
    for (int row = 0; rc == 0 && rows && row < d->pq.PQntuples(r); row++)
        rc = give_row(d, r, row, rows, e);
    d->pq.PQclear(r);
    return rc;
}

/* ---- transactions and versions ---- */

/* The lock's number is the word "headroom" in ASCII; it ends with the transaction. */
static int begin(struct db *db, struct err *e)
{
    return script(db, "BEGIN; SELECT pg_advisory_xact_lock(7522525836636811117)", e);
}

static int commit(struct db *db, struct err *e)
{
    return script(db, "COMMIT", e);
}

static void rollback(struct db *db)
{
    script(db, "ROLLBACK", NULL);
}

static int take_version(void *self, const struct db_value *column, int n, struct err *e)
{
    (void)n;
    (void)e;
    *(int *)self = (int)db_get_int(&column[0]);
    return 0;
}

static int version(struct db *db, int *out, struct err *e)
{
    const struct db_rows rows = { .row = take_version, .self = out };
    int there = 0, rc = 0;
    const struct db_rows is_there = { .row = take_version, .self = &there };

    *out = 0;
    TRY(exec(db,
             "SELECT count(*) FROM pg_tables WHERE schemaname = 'headroom' AND tablename = "
             "'schema_version'",
             NULL, 0, &is_there, e));
    if (there)
        TRY(exec(db, "SELECT max(version) FROM schema_version", NULL, 0, &rows, e));
out:
    return rc;
}

static int set_version(struct db *db, int v, struct err *e)
{
    const struct db_value value = db_int(v);

    return exec(db, "INSERT INTO schema_version (version) VALUES ($1)", &value, 1, NULL, e);
}

/* ---- the connection ---- */

static void quiet(void *self, const char *message)
{
    (void)self;
    (void)message;
}

static void close_server(struct db *db)
{
    struct postgres_db *d = (struct postgres_db *)db;

    if (!d)
        return;
    if (d->connection)
        d->pq.PQfinish(d->connection);
    library_close(&d->dl);
    mem_free(d);
}

/* A server that does not answer must end the call: what the URL says about it comes later in the
 * list and wins. */
static int open_server(struct db **out, const char *where, bool write, struct err *e)
{
    static const char *const names[] = { "connect_timeout",
                                         "tcp_user_timeout",
                                         "keepalives_idle",
                                         "application_name",
                                         "client_encoding",
                                         "dbname",
                                         NULL };
    const char *const values[] = { "10", "20000", "10", "headroom", "UTF8", where, NULL };
    struct postgres_db *d = mem_calloc(1, sizeof(*d));
    char settings[200];
    int rc = 0;

    *out = NULL;
    if (!d)
        return ERR(e, ERR_NOMEM, "no memory to open the history");
    d->db.ops = &history_postgres_ops;
    history_shown(where, d->shown, sizeof(d->shown));
    TRY(load(d, e));
    d->connection = d->pq.PQconnectdbParams(names, values, 1);
    if (d->pq.PQstatus(d->connection) != CONNECTION_OK) {
        char line[160];

        rc = ERR(e, ERR_IO, "%s: no connection: %s", d->shown,
                 first_line(d->pq.PQerrorMessage(d->connection), line));
        goto out;
    }
    d->pq.PQsetNoticeProcessor(d->connection, quiet, NULL);
    snprintf(settings, sizeof(settings),
             "SET search_path TO headroom; SET lock_timeout = '%ds'; SET bytea_output = 'hex';"
             "SET extra_float_digits = 3; %s",
             HISTORY_WAIT_S, write ? "" : "SET default_transaction_read_only = on");
    TRY(script(&d->db, settings, e));
    *out = &d->db;
out:
    if (rc < 0)
        close_server(&d->db);
    return rc;
}

const struct db_ops history_postgres_ops = {
    .open = open_server,
    .close = close_server,
    .exec = exec,
    .script = script,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .version = version,
    .set_version = set_version,
    .schema = history_schema_postgres,
};
