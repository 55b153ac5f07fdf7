/* history_row.c - the columns of the table `run` that lists show. */
#include "store/history_row.h"

#include <string.h>

int history_row_word(const struct db_value *v, const char *(*name_of)(int), int n)
{
    char word[24];

    db_get_text(v, word, sizeof(word));
    for (int i = 0; i < n; i++)
        if (strcmp(word, name_of(i)) == 0)
            return i;
    return 0;
}

static const char *status_name(int i)
{
    return run_status_name((enum run_status)i);
}

void history_row_run(const struct db_value *column, struct history_run *out)
{
    *out = (struct history_run){ .seq = db_get_int(&column[0]),
                                 .status =
                                     (enum run_status)history_row_word(&column[5], status_name, 3),
                                 .n_rows = (int)db_get_int(&column[9]),
                                 .n_ok = (int)db_get_int(&column[10]) };
    db_get_text(&column[1], out->id, sizeof(out->id));
    db_get_text(&column[2], out->start, sizeof(out->start));
    db_get_text(&column[3], out->end, sizeof(out->end));
    db_get_text(&column[4], out->suite, sizeof(out->suite));
    db_get_text(&column[6], out->machine, sizeof(out->machine));
    db_get_text(&column[7], out->machine_name, sizeof(out->machine_name));
    db_get_text(&column[8], out->commit, sizeof(out->commit));
}
