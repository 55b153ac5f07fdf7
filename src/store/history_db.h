/* history_db.h - what the history asks of a database: SQL with $1 ... $n, rows back, transactions.
 *
 * The statements are the same for every kind of database; only opening, the schema's data types and
 * the messages differ.  Internal to store/history*. */
#ifndef STORE_HISTORY_DB_H
#define STORE_HISTORY_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum db_kind { DB_NULL, DB_INT, DB_REAL, DB_TEXT, DB_BLOB };

struct db_value {
    enum db_kind kind;
    int64_t i;
    double r;
    const void *p; /* DB_TEXT (followed by NUL), DB_BLOB: n bytes, borrowed */
    size_t n;
};

struct db_value db_int(int64_t i);
struct db_value db_real(double r); /* NaN is NULL */
struct db_value db_text(const char *s);
struct db_value db_blob(const void *p, size_t n);

/* Columns as the caller wants them; NULL, and what is of another kind, is 0, NaN or "". */
int64_t db_get_int(const struct db_value *v);
double db_get_real(const struct db_value *v);
void db_get_text(const struct db_value *v, char *buf, size_t cap);

/* Called for each row; its values are borrowed for the call.  A failure ends the statement. */
struct db_rows {
    int (*row)(void *self, const struct db_value *column, int n, struct err *e);
    void *self;
};

enum { DB_COLUMNS_MAX = 20 };

struct db {
    const struct db_ops *ops;
};

/* Everything gives ERR_IO (the place: permission, space, a server that went away), ERR_BUSY (others
 * held it for longer than HISTORY_WAIT_S), ERR_FORMAT (damaged, or not ours), ERR_NOMEM, with the
 * database's name in the message. */
struct db_ops {
    /* Owned by the caller (close).  write: make it when it is not there. */
    int (*open)(struct db **out, const char *where, bool write, struct err *e);
    void (*close)(struct db *db);
    /* One statement with `n` parameters; rows may be NULL. */
    int (*exec)(struct db *db, const char *sql, const struct db_value *params, int n,
                const struct db_rows *rows, struct err *e);
    /* Statements without parameters or rows, separated by semicolons. */
    int (*script)(struct db *db, const char *sql, struct err *e);
    /* A transaction that keeps other writers out; commit has reached the disk when it returns. */
    int (*begin)(struct db *db, struct err *e);
    int (*commit)(struct db *db, struct err *e);
    void (*rollback)(struct db *db); /* harmless outside of a transaction */
    /* 0: nothing of ours is in it yet. */
    int (*version)(struct db *db, int *version, struct err *e);
    int (*set_version)(struct db *db, int version, struct err *e);
    const char *const *schema; /* [v] makes version v + 1 of version v; HISTORY_SCHEMA of them */
};

enum { HISTORY_WAIT_S = 10 };

/* The open history of history.h. */
struct history {
    struct db *db; /* owned */
};

extern const struct db_ops history_sqlite_ops;
extern const struct db_ops history_postgres_ops;

#endif
