/* history_schema.c - the tables of the history, for each kind of database.
 *
 * block     a part of what is known of machine or build, packed; runs share equal ones
 * run       one run: its columns are for lists; `frame` is all of its file but the rows, with the
 *           blocks by their ids; `original` is the text of a file whose layout is not ours
 * series    what is the same thing over time
 * result    one row of a run as figures, small, so that a history is read without its samples
 * document  the rows of one run with their samples, a line each, packed: together they take half
 *           the room, because they are alike, and nobody reads one alone
 * baseline  (version 2) a name for a run: it can go, but not come to mean another run */
#include "store/history_schema.h"

/* SQL is laid out by statement. */
/* clang-format off */
#define TABLES_1(KEY, INT, REAL, TEXT, BLOB, END)                                               \
    "CREATE TABLE block (id " KEY ", hash " INT " NOT NULL, body " BLOB " NOT NULL)" END ";"    \
    "CREATE INDEX block_hash ON block (hash);"                                                  \
    "CREATE TABLE run (seq " KEY ", id " TEXT " NOT NULL UNIQUE, started " TEXT " NOT NULL,"    \
    " ended " TEXT " NOT NULL, suite " TEXT " NOT NULL, status " TEXT " NOT NULL,"              \
    " machine " TEXT " NOT NULL, machine_name " TEXT " NOT NULL, commit_id " TEXT " NOT NULL,"  \
    " n_rows " INT " NOT NULL, n_ok " INT " NOT NULL, stored " TEXT " NOT NULL,"                \
    " frame " BLOB " NOT NULL, original " BLOB ")" END ";"                                      \
    "CREATE INDEX run_started ON run (started);"                                                \
    "CREATE TABLE series (id " KEY ", machine " TEXT " NOT NULL, name " TEXT " NOT NULL,"       \
    " settings " TEXT " NOT NULL, device " TEXT " NOT NULL, metric " TEXT " NOT NULL,"          \
    " unit " TEXT " NOT NULL, direction " TEXT " NOT NULL,"                                     \
    " UNIQUE (machine, name, settings, device, metric, unit))" END ";"                          \
    "CREATE TABLE result (run " INT " NOT NULL REFERENCES run (seq), place " INT " NOT NULL,"   \
    " series " INT " NOT NULL REFERENCES series (id), status " TEXT " NOT NULL,"                \
    " origin " TEXT " NOT NULL, value " REAL ", low " REAL ", high " REAL ","                   \
    " processes " INT " NOT NULL, variant " TEXT " NOT NULL, PRIMARY KEY (run, place))" END ";" \
    "CREATE INDEX result_series ON result (series, run);"                                       \
    "CREATE TABLE document (run " INT " NOT NULL PRIMARY KEY REFERENCES run (seq),"                \
    " body " BLOB " NOT NULL)" END ";"

#define TABLES_2(KEY, INT, REAL, TEXT, BLOB, END)                                                  \
    "CREATE TABLE baseline (name " TEXT " NOT NULL PRIMARY KEY,"                                   \
    " run " INT " NOT NULL REFERENCES run (seq), saved " TEXT " NOT NULL)" END ";"

/* What was stored stays as it is, whoever writes the SQL. */
#define KEPT_1(KEEP) KEEP("block") KEEP("run") KEEP("series") KEEP("result") KEEP("document")

#define SQLITE_FIXED(table)                                                                        \
    "CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table                                   \
    " BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;"

#define SQLITE_KEEP(table)                                                                         \
    SQLITE_FIXED(table)                                                                            \
    "CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table                                   \
    " BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;"

#define POSTGRES_FIXED(table)                                                                      \
    "CREATE TRIGGER " table "_fixed BEFORE UPDATE ON " table                                       \
    " FOR EACH STATEMENT EXECUTE FUNCTION append_only();"

#define POSTGRES_KEEP(table)                                                                       \
    "CREATE TRIGGER " table "_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON " table                  \
    " FOR EACH STATEMENT EXECUTE FUNCTION append_only();"

#define POSTGRES_HOME                                                                              \
    "CREATE SCHEMA headroom;"                                                                      \
    "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY);"                           \
    "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS"                            \
    " $$ BEGIN RAISE EXCEPTION 'the history is append-only'; END $$;"

#define SQLITE_TYPES "INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER", "REAL", "TEXT", "BLOB"
#define POSTGRES_TYPES                                                                             \
    "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BIGINT", "DOUBLE PRECISION",               \
    "TEXT COLLATE \"C\"", "BYTEA"
/* The types are one argument until they are expanded. */
#define EXPAND(macro, ...) macro(__VA_ARGS__)

const char *const history_schema_sqlite[HISTORY_SCHEMA] = {
    EXPAND(TABLES_1, SQLITE_TYPES, " STRICT") KEPT_1(SQLITE_KEEP),
    EXPAND(TABLES_2, SQLITE_TYPES, " STRICT") SQLITE_FIXED("baseline"),
};

const char *const history_schema_postgres[HISTORY_SCHEMA] = {
    POSTGRES_HOME EXPAND(TABLES_1, POSTGRES_TYPES, "") KEPT_1(POSTGRES_KEEP),
    EXPAND(TABLES_2, POSTGRES_TYPES, "") POSTGRES_FIXED("baseline"),
};
/* clang-format on */
