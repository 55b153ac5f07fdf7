/* history_row.h - the columns of the table `run` that lists show, in one order. */
#ifndef STORE_HISTORY_ROW_H
#define STORE_HISTORY_ROW_H

#include "store/history.h"
#include "store/history_db.h"

#define HISTORY_ROW_RUN \
    "seq, id, started, ended, suite, status, machine, machine_name, commit_id, n_rows, n_ok"
enum { HISTORY_ROW_RUN_COLUMNS = 11 };

/* The index of a word in the n names that name_of gives, or 0. */
int history_row_word(const struct db_value *v, const char *(*name_of)(int), int n);

void history_row_run(const struct db_value *column, struct history_run *out);

#endif
