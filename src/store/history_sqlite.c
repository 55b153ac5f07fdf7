/* history_sqlite.c - the history in a file.
 *
 * 1. The file is ours when its application_id says so; another's is never written to.
 * 2. Write-ahead logging: readers never wait, and after a crash at any moment the file holds every
 *    transaction that was committed and nothing of one that was not.  synchronous = FULL, so that
 *    committed means on the disk. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/atomic_file.h"
#include "core/clock.h"
#include "core/mem.h"
#include "store/history_db.h"
#include "store/history_schema.h"

enum { APPLICATION_ID = 0x68656164 }; /* "head" */

/* ---- SQLite's memory is ours, so that a test can fail each allocation in turn ---- */

/* Before each block: its size, which SQLite asks for. */
union block {
    max_align_t align;
    int bytes;
};

static void *lite_malloc(int bytes)
{
    union block *b = mem_calloc(1, sizeof(*b) + (size_t)bytes);

    if (!b)
        return NULL;
    b->bytes = bytes;
    return b + 1;
}

static void lite_free(void *p)
{
    mem_free(p ? (union block *)p - 1 : NULL);
}

static void *lite_realloc(void *p, int bytes)
{
    union block *b = mem_realloc((union block *)p - 1, 1, sizeof(*b) + (size_t)bytes);

    if (!b)
        return NULL;
    b->bytes = bytes;
    return b + 1;
}

static int lite_size(void *p)
{
    return p ? ((union block *)p - 1)->bytes : 0;
}

static int lite_roundup(int bytes)
{
    return (bytes + 7) & ~7;
}

static int lite_init(void *self)
{
    (void)self;
    return SQLITE_OK;
}

static void lite_shutdown(void *self)
{
    (void)self;
}

/* Whoever uses SQLite before us keeps its own memory, and so do we then. */
static void use_our_memory(void)
{
    static sqlite3_mem_methods methods = { .xMalloc = lite_malloc,
                                           .xFree = lite_free,
                                           .xRealloc = lite_realloc,
                                           .xSize = lite_size,
                                           .xRoundup = lite_roundup,
                                           .xInit = lite_init,
                                           .xShutdown = lite_shutdown };

    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

/* ---- messages ---- */

struct sqlite_db {
    struct db db;
    sqlite3 *lite; /* owned */
    char path[4096];
};

/* The end of a long path says more than its beginning. */
static const char *shown(const struct sqlite_db *d)
{
    size_t n = strlen(d->path);

    return n > 100 ? d->path + n - 100 : d->path;
}

/* Why no file can be opened here: SQLite only knows that one of its own could not. */
static int failed_open(const struct sqlite_db *d, struct err *e)
{
    int error = sqlite3_system_errno(d->lite);

    if (access(d->path, F_OK) == 0 && access(d->path, W_OK) != 0)
        error = errno;
    return ERR(e, ERR_IO, "%s: %s", shown(d), error ? strerror(error) : "it cannot be opened");
}

static int failed_io(const struct sqlite_db *d, struct err *e)
{
    int code = sqlite3_extended_errcode(d->lite), error = sqlite3_system_errno(d->lite);

    if ((code & 0xff) == SQLITE_FULL)
        return ERR(e, ERR_IO, "%s: no space left", shown(d));
    if ((code & 0xff) == SQLITE_CANTOPEN)
        return failed_open(d, e);
    if ((code & 0xff) == SQLITE_READONLY)
        return ERR(e, ERR_IO, "%s: it can only be read", shown(d));
    return ERR(e, ERR_IO, "%s: %s%s%s", shown(d), sqlite3_errmsg(d->lite), error ? ": " : "",
               error ? strerror(error) : "");
}

/* What SQLite said last, in our words. */
static int failed(const struct sqlite_db *d, struct err *e)
{
    int code = d->lite ? sqlite3_extended_errcode(d->lite) : SQLITE_NOMEM;

    if (code == SQLITE_IOERR_NOMEM)
        code = SQLITE_NOMEM;
    switch (code & 0xff) {
    case SQLITE_NOMEM: return ERR(e, ERR_NOMEM, "%s: out of memory", shown(d));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR(e, ERR_BUSY, "%s: another program held it for longer than %d s", shown(d),
                   HISTORY_WAIT_S);
    case SQLITE_NOTADB:
        return ERR(e, ERR_FORMAT, "%s: not a history: it is no SQLite database", shown(d));
    case SQLITE_CORRUPT:
        return ERR(e, ERR_FORMAT,
                   "%s: the history is damaged (%s); \"sqlite3 FILE .recover\" saves what can be "
                   "read",
                   shown(d), sqlite3_errmsg(d->lite));
    default: return failed_io(d, e);
    }
}

static int script(struct db *db, const char *sql, struct err *e)
{
    struct sqlite_db *d = (struct sqlite_db *)db;

    return sqlite3_exec(d->lite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(d, e);
}

static int bind(sqlite3_stmt *s, int number, const struct db_value *v)
{
    char name[16];
    int at;

    snprintf(name, sizeof(name), "$%d", number);
    at = sqlite3_bind_parameter_index(s, name);
    BUG_ON(at == 0);
    switch (v->kind) {
    case DB_INT: return sqlite3_bind_int64(s, at, v->i);
    case DB_REAL: return sqlite3_bind_double(s, at, v->r);
    case DB_TEXT: return sqlite3_bind_text64(s, at, v->p, v->n, SQLITE_STATIC, SQLITE_UTF8);
    case DB_BLOB: return sqlite3_bind_blob64(s, at, v->p, v->n, SQLITE_STATIC);
    case DB_NULL:
    default: return sqlite3_bind_null(s, at);
    }
}

static struct db_value column(sqlite3_stmt *s, int i)
{
    size_t n;

    switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER: return db_int(sqlite3_column_int64(s, i));
    case SQLITE_FLOAT: return db_real(sqlite3_column_double(s, i));
    case SQLITE_TEXT:
    case SQLITE_BLOB: break;
    default: return (struct db_value){ .kind = DB_NULL };
    }
    n = (size_t)sqlite3_column_bytes(s, i);
    if (sqlite3_column_type(s, i) == SQLITE_TEXT)
        return (struct db_value){ .kind = DB_TEXT, .p = sqlite3_column_text(s, i), .n = n };
    return (struct db_value){ .kind = DB_BLOB, .p = sqlite3_column_blob(s, i), .n = n };
}

/* Text and bytes that there was no memory for come as NULL with a length. */
static bool lost(const struct db_value *v)
{
    return (v->kind == DB_TEXT && !v->p) || (v->kind == DB_BLOB && !v->p && v->n > 0);
}

static int give_row(struct sqlite_db *d, sqlite3_stmt *s, const struct db_rows *rows, struct err *e)
{
    struct db_value values[DB_COLUMNS_MAX];
    int n = sqlite3_column_count(s);

    BUG_ON(n > DB_COLUMNS_MAX);
    for (int i = 0; i < n; i++) {
        values[i] = column(s, i);
        if (lost(&values[i]))
            return ERR(e, ERR_NOMEM, "%s: out of memory", shown(d));
    }
    return rows->row(rows->self, values, n, e);
}

static int step(struct sqlite_db *d, sqlite3_stmt *s, const struct db_rows *rows, struct err *e)
{
    int rc = 0, got;

    while ((got = sqlite3_step(s)) == SQLITE_ROW)
        if (rows)
            TRY(give_row(d, s, rows, e));
    if (got != SQLITE_DONE)
        rc = failed(d, e);
out:
    return rc;
}

static int exec(struct db *db, const char *sql, const struct db_value *params, int n,
                const struct db_rows *rows, struct err *e)
{
    struct sqlite_db *d = (struct sqlite_db *)db;
    sqlite3_stmt *s = NULL;
    int rc = 0;

    if (sqlite3_prepare_v2(d->lite, sql, -1, &s, NULL) != SQLITE_OK)
        return failed(d, e);
    for (int i = 0; i < n && rc == 0; i++)
        if (bind(s, i + 1, &params[i]) != SQLITE_OK)
            rc = failed(d, e);
    if (rc == 0)
        rc = step(d, s, rows, e);
    sqlite3_finalize(s);
    return rc;
}

static int first_int(void *self, const struct db_value *column_of, int n, struct err *e)
{
    (void)n;
    (void)e;
    *(int64_t *)self = db_get_int(&column_of[0]);
    return 0;
}

static int ask_int(struct sqlite_db *d, const char *sql, int64_t *out, struct err *e)
{
    const struct db_rows rows = { .row = first_int, .self = out };

    *out = 0;
    return exec(&d->db, sql, NULL, 0, &rows, e);
}

struct marks {
    int64_t application, tables, version;
};

static int take_marks(void *self, const struct db_value *column_of, int n, struct err *e)
{
    (void)n;
    (void)e;
    *(struct marks *)self = (struct marks){ .application = db_get_int(&column_of[0]),
                                            .tables = db_get_int(&column_of[1]),
                                            .version = db_get_int(&column_of[2]) };
    return 0;
}

/* One statement, so one view of the file: another program may be making it. */
static int version(struct db *db, int *out, struct err *e)
{
    struct sqlite_db *d = (struct sqlite_db *)db;
    struct marks m = { 0 };
    const struct db_rows rows = { .row = take_marks, .self = &m };
    int rc;

    *out = 0;
    rc = exec(db,
              "SELECT a.application_id, (SELECT count(*) FROM sqlite_master), v.user_version "
              "FROM pragma_application_id AS a, pragma_user_version AS v",
              NULL, 0, &rows, e);
    if (rc < 0)
        return rc;
    if (m.application != APPLICATION_ID && (m.tables > 0 || m.version != 0 || m.application != 0))
        return ERR(e, ERR_FORMAT, "%s: not a history: it is another program's SQLite database",
                   shown(d));
    if (m.version < 0 || m.version > INT32_MAX || (m.version == 0 && m.tables > 0))
        return ERR(e, ERR_FORMAT, "%s: the history is damaged: schema %" PRId64, shown(d),
                   m.version);
    *out = (int)m.version;
    return 0;
}

static int set_version(struct db *db, int v, struct err *e)
{
    char sql[80];

    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, v);
    return script(db, sql, e);
}

static int begin(struct db *db, struct err *e)
{
    return script(db, "BEGIN IMMEDIATE", e);
}

static int commit(struct db *db, struct err *e)
{
    return script(db, "COMMIT", e);
}

static void rollback(struct db *db)
{
    script(db, "ROLLBACK", NULL);
}

static void close_file(struct db *db)
{
    struct sqlite_db *d = (struct sqlite_db *)db;

    if (!d)
        return;
    sqlite3_close(d->lite);
    mem_free(d);
}

/* sqlite3_open_v2 reads names like ":memory:" and "file:x?mode=..." in its own way. */
static int plain_name(struct sqlite_db *d, const char *where, struct err *e)
{
    if (!where[0])
        return ERR(e, ERR_ARG, "the name of the history is empty");
    if (snprintf(d->path, sizeof(d->path), "%s%s", where[0] == ':' ? "./" : "", where) >=
        (int)sizeof(d->path) - 8)
        return ERR(e, ERR_ARG, "%.100s...: the path of the history is too long", where);
    return 0;
}

static int open_with(struct sqlite_db *d, const char *name, int flags)
{
    sqlite3_close(d->lite);
    d->lite = NULL;
    return sqlite3_open_v2(name, &d->lite, flags | SQLITE_OPEN_NOMUTEX, NULL);
}

/* On a read-only medium the log's index cannot be made.  Where there is no log either, the file is
 * whole without it, and nobody who could write it is there. */
static int open_still(struct sqlite_db *d)
{
    char uri[3 * sizeof(d->path)], log[sizeof(d->path) + 8];
    struct stat st;
    size_t n;

    snprintf(log, sizeof(log), "%s-wal", d->path);
    if (stat(log, &st) == 0)
        return SQLITE_CANTOPEN;
    n = (size_t)snprintf(uri, sizeof(uri), "file:");
    for (const char *c = d->path; *c; c++)
        n += (size_t)snprintf(uri + n, sizeof(uri) - n, strchr("%?#", *c) ? "%%%02x" : "%c", *c);
    snprintf(uri + n, sizeof(uri) - n, "?immutable=1");
    return open_with(d, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

static int settle(struct sqlite_db *d, bool write, struct err *e)
{
    sqlite3_extended_result_codes(d->lite, 1);
    sqlite3_busy_timeout(d->lite, HISTORY_WAIT_S * 1000);
    sqlite3_db_config(d->lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(d->lite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return script(&d->db,
                  write ? "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"
                          "PRAGMA cell_size_check = ON"
                        : "PRAGMA cell_size_check = ON; PRAGMA query_only = ON",
                  e);
}

static int open_read(struct sqlite_db *d, struct err *e)
{
    struct stat st;
    int64_t ignored;

    if (stat(d->path, &st) != 0)
        return ERR(e, ERR_IO, "%s: %s", shown(d), strerror(errno));
    /* Only who may write can remove the log when the last one closes; SQLite goes on without. */
    if (open_with(d, d->path, SQLITE_OPEN_READWRITE) != SQLITE_OK)
        return failed(d, e);
    /* The file is only touched by the first question. */
    if (settle(d, false, NULL) == 0 && ask_int(d, "PRAGMA user_version", &ignored, NULL) == 0)
        return 0;
    if ((sqlite3_errcode(d->lite) & 0xff) != SQLITE_CANTOPEN || open_still(d) != SQLITE_OK)
        return failed(d, e);
    return settle(d, false, e);
}

/* Of two programs that change the journal at the same time SQLite sends one away at once, without
 * the wait that settle asked for. */
static int set_journal(struct sqlite_db *d, struct err *e)
{
    const uint64_t begun = clock_now_ns();
    int rc;

    for (;;) {
        rc = script(&d->db, "PRAGMA journal_mode = WAL", e);
        if (rc != ERR_BUSY || clock_now_ns() - begun >= HISTORY_WAIT_S * UINT64_C(1000000000))
            return rc;
        sqlite3_sleep(10);
    }
}

/* The journal is set after the file has proved to be ours. */
static int open_write(struct sqlite_db *d, struct err *e)
{
    int ignored, rc = 0;

    TRY(atomic_file_make_folders(d->path, e));
    if (open_with(d, d->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) != SQLITE_OK)
        return failed(d, e);
    TRY(settle(d, true, e));
    TRY(version(&d->db, &ignored, e));
    if (sqlite3_db_readonly(d->lite, "main") == 1)
        rc = ERR(e, ERR_IO, "%s: it can only be read", shown(d));
    else
        rc = set_journal(d, e);
out:
    return rc;
}

static int open_file(struct db **out, const char *where, bool write, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sqlite_db *d = mem_calloc(1, sizeof(*d));
    int rc = 0;

    pthread_once(&once, use_our_memory);
    *out = NULL;
    if (!d)
        return ERR(e, ERR_NOMEM, "no memory to open the history");
    d->db.ops = &history_sqlite_ops;
    TRY(plain_name(d, where, e));
    TRY(write ? open_write(d, e) : open_read(d, e));
    *out = &d->db;
out:
    if (rc < 0)
        close_file(&d->db);
    return rc;
}

const struct db_ops history_sqlite_ops = {
    .open = open_file,
    .close = close_file,
    .exec = exec,
    .script = script,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .version = version,
    .set_version = set_version,
    .schema = history_schema_sqlite,
};
