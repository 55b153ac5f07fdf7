/* history_schema.h - the tables of the history, version by version.
 *
 * A version that was released is never edited: a change is a further step, and test_history
 * brings a database of version 1 up to date. */
#ifndef STORE_HISTORY_SCHEMA_H
#define STORE_HISTORY_SCHEMA_H

enum { HISTORY_SCHEMA = 2 };

extern const char *const history_schema_sqlite[HISTORY_SCHEMA];
extern const char *const history_schema_postgres[HISTORY_SCHEMA];

#endif
