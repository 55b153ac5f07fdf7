/* history_db.c - values that go to a database and come back. */
#include "store/history_db.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct db_value db_int(int64_t i)
{
    return (struct db_value){ .kind = DB_INT, .i = i };
}

struct db_value db_real(double r)
{
    return (struct db_value){ .kind = isfinite(r) ? DB_REAL : DB_NULL, .r = r };
}

struct db_value db_text(const char *s)
{
    return (struct db_value){ .kind = DB_TEXT, .p = s, .n = strlen(s) };
}

struct db_value db_blob(const void *p, size_t n)
{
    return (struct db_value){ .kind = p ? DB_BLOB : DB_NULL, .p = p, .n = n };
}

int64_t db_get_int(const struct db_value *v)
{
    return v->kind == DB_INT ? v->i : 0;
}

double db_get_real(const struct db_value *v)
{
    if (v->kind == DB_INT)
        return (double)v->i;
    return v->kind == DB_REAL ? v->r : (double)NAN;
}

void db_get_text(const struct db_value *v, char *buf, size_t cap)
{
    snprintf(buf, cap, "%s", v->kind == DB_TEXT ? (const char *)v->p : "");
}
