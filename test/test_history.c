/* test_history.c - what was stored comes out byte for byte, and nothing else changes it. */
#include "fixture_record.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/history_baseline.h"
#include "store/history_db.h"
#include "store/history_pack.h"
#include "store/history_schema.h"
#include "store/run_json.h"
#include "store/text_buffer.h"

static char folder[] = "/tmp/headroom-test-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static int next;

    next = (next + 1) % 4;
    snprintf(path[next], sizeof(path[next]), "%s/%s", folder, name);
    return path[next];
}

/* The fixture's run, with an id and a start of its own. */
static void run_make(struct run_record *r, int number)
{
    fixture_record(r);
    snprintf(r->id, sizeof(r->id), "20261121T07%02d00Z-%08x", number % 60, (unsigned)number);
    snprintf(r->start, sizeof(r->start), "2026-11-21T07:%02d:00.000Z", number % 60);
    r->results[6].value = 100 + number;
}

/* As a file; the run is released. */
static void run_print(struct text_buffer *b, struct run_record *r)
{
    CHECK_EQ(text_buffer_open(b, NULL), 0);
    CHECK_EQ(run_json_print(r, b->f, NULL), 0);
    CHECK_EQ(text_buffer_close(b, NULL), 0);
    run_record_release(r);
}

static void run_text(struct text_buffer *b, int number)
{
    struct run_record r;

    run_make(&r, number);
    run_print(b, &r);
}

static struct history *opened(const char *path, enum history_mode mode)
{
    struct history *h;
    struct err e = { 0 };

    CHECK_EQ(history_open(&h, path, mode, &e), 0);
    CHECK_STR(e.msg, "");
    return h;
}

/* Opening is refused with this code, and a message that holds each of the texts. */
static void refused(const char *path, enum history_mode mode, int code, const char *text)
{
    struct history *h;
    struct err e = { 0 };

    CHECK_EQ(history_open(&h, path, mode, &e), code);
    CHECK(!h);
    if (!strstr(e.msg, text)) {
        fprintf(stderr, "no \"%s\" in \"%s\"\n", text, e.msg);
        test_failures++;
    }
}

static void stored(struct history *h, const char *text, size_t n, struct history_run *run)
{
    struct err e = { 0 };
    bool known;

    CHECK_EQ(history_put(h, text, n, run, &known, &e), 0);
    CHECK_STR(e.msg, "");
    CHECK(!known);
}

static void comes_back(struct history *h, int64_t seq, const char *text, size_t length)
{
    char *back = NULL;
    size_t n;

    CHECK_EQ(history_text(h, seq, &back, &n, NULL), 0);
    CHECK(back && n == length && memcmp(back, text, n) == 0);
    mem_free(back);
}

static void test_round_trip(void)
{
    struct history *h = opened(in_folder("sub/deeper/h.db"), HISTORY_WRITE);
    struct text_buffer a, b;
    struct history_run run, found[3];
    struct run_record r;
    struct err e = { 0 };
    bool known;
    int n;

    run_text(&a, 1);
    run_text(&b, 2);
    stored(h, a.text, a.n, &run);
    CHECK_EQ(run.n_rows, FIXTURE_ROWS);
    CHECK_EQ(run.n_ok, 5);
    CHECK_STR(run.machine_name, "Example CPU 9000, 2 x Example GPU");
    stored(h, b.text, b.n, &run);
    CHECK_EQ(history_put(h, a.text, a.n, &run, &known, NULL), 0);
    CHECK(known);
    comes_back(h, run.seq, a.text, a.n);
    CHECK_EQ(history_find(h, "20261121T07", found, 3, &n, NULL), 0);
    CHECK_EQ(n, 2);
    CHECK_EQ(history_find(h, "20261121T0702", found, 3, &n, NULL), 0);
    CHECK_EQ(n, 1);
    comes_back(h, found[0].seq, b.text, b.n);
    CHECK_EQ(history_read(h, found[0].seq, &r, NULL), 0);
    CHECK_EQ(r.n_results, FIXTURE_ROWS);
    run_record_release(&r);
    history_close(h);

    h = opened(in_folder("sub/deeper/h.db"), HISTORY_READ);
    comes_back(h, run.seq, a.text, a.n);

    CHECK(history_put(h, b.text, b.n, &run, &known, NULL) != 0);
    history_close(h);
    text_buffer_release(&a);
    text_buffer_release(&b);
    CHECK(access(in_folder("sub/deeper/h.db-wal"), F_OK) != 0);
    refused(in_folder("none.db"), HISTORY_READ, ERR_IO, "none.db: No such file");
    CHECK_EQ(history_text(h = opened(in_folder("sub/deeper/h.db"), HISTORY_READ), 99,
                          &(char *){ NULL }, &(size_t){ 0 }, &e),
             ERR_FORMAT);
    history_close(h);
}

/* A file of another layout, and one that says something else under the same id. */
static void test_other_texts(void)
{
    struct history *h = opened(in_folder("other.db"), HISTORY_WRITE);
    struct text_buffer a;
    struct history_run run;
    struct err e = { 0 };
    bool known;

    run_text(&a, 3);
    a.text[a.n - 1] = ' ';
    stored(h, a.text, a.n, &run);
    comes_back(h, run.seq, a.text, a.n);
    a.text[a.n - 1] = '\n';
    CHECK_EQ(history_put(h, a.text, a.n, &run, &known, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "20261121T070300Z-00000003 is in the history already"));
    CHECK_EQ(history_put(h, "{}", 2, &run, &known, NULL), ERR_FORMAT);
    CHECK_EQ(history_put(h, a.text, a.n / 2, &run, &known, NULL), ERR_FORMAT);
    text_buffer_release(&a);
    run_text(&a, 4); /* what was refused holds nothing up */
    stored(h, a.text, a.n, &run);
    comes_back(h, run.seq, a.text, a.n);
    text_buffer_release(&a);
    history_close(h);
}

/* A file's fingerprint is that of the program which measured; a run without start has no place. */
static void test_heads(void)
{
    struct history *h = opened(in_folder("heads.db"), HISTORY_WRITE);
    struct history_run run;
    struct run_record r;
    struct text_buffer a;
    struct err e = { 0 };
    bool known;

    run_make(&r, 1);
    facts_text(&r.machine, "fingerprint", "feedfacecafebeef");
    run_print(&a, &r);
    stored(h, a.text, a.n, &run);
    CHECK_STR(run.machine, "feedfacecafebeef");
    text_buffer_release(&a);
    run_make(&r, 2);
    r.start[0] = '\0';
    run_print(&a, &r);
    CHECK_EQ(history_put(h, a.text, a.n, &run, &known, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "without id or start"));
    text_buffer_release(&a);
    history_close(h);
}

/* What runs share is there once. */
static void test_shared_blocks(void)
{
    struct history *h = opened(in_folder("shared.db"), HISTORY_WRITE);
    struct history_run run;
    sqlite3 *lite;
    sqlite3_stmt *s;

    for (int i = 0; i < 10; i++) {
        struct text_buffer a;

        run_text(&a, i);
        stored(h, a.text, a.n, &run);
        text_buffer_release(&a);
    }
    history_close(h);
    CHECK_EQ(sqlite3_open(in_folder("shared.db"), &lite), SQLITE_OK);
    CHECK_EQ(sqlite3_prepare_v2(lite, "SELECT count(*) FROM block", -1, &s, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_step(s), SQLITE_ROW);
    CHECK_EQ(sqlite3_column_int(s, 0), 10); /* six of the machine, four of the build */
    sqlite3_finalize(s);
    CHECK(sqlite3_exec(lite, "UPDATE run SET suite = 'x'", NULL, NULL, NULL) != SQLITE_OK);
    CHECK(strstr(sqlite3_errmsg(lite), "append-only"));
    CHECK(sqlite3_exec(lite, "DELETE FROM document", NULL, NULL, NULL) != SQLITE_OK);
    sqlite3_close(lite);
}

static uint64_t fnv(const char *text, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    return h;
}

/* Two texts of one length and one hash are two blocks: the texts decide. */
static void test_equal_hashes(void)
{
    const char *path = in_folder("hash.db"), ours[] = "\"aaaa\"", other[] = "\"bbbb\"";
    struct history *h = opened(path, HISTORY_WRITE);
    struct history_run run;
    struct text_buffer a;
    struct run_record r;
    sqlite3_stmt *s;
    sqlite3 *lite;
    void *packed;
    size_t n;

    history_close(h);
    CHECK_EQ(history_pack(other, strlen(other), &packed, &n, NULL), 0);
    CHECK_EQ(sqlite3_open(path, &lite), SQLITE_OK);
    CHECK_EQ(sqlite3_prepare_v2(lite, "INSERT INTO block (hash, body) VALUES (?, ?)", -1, &s, NULL),
             SQLITE_OK);
    sqlite3_bind_int64(s, 1, (int64_t)fnv(ours, strlen(ours)));
    sqlite3_bind_blob(s, 2, packed, (int)n, SQLITE_STATIC);
    CHECK_EQ(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
    sqlite3_close(lite);
    mem_free(packed);
    run_make(&r, 1);
    facts_text(&r.build, "word", "aaaa");
    run_print(&a, &r);
    h = opened(path, HISTORY_WRITE);
    stored(h, a.text, a.n, &run);
    comes_back(h, run.seq, a.text, a.n);
    text_buffer_release(&a);
    history_close(h);
}

static void make_v1(const char *path)
{
    char *sql = NULL;
    size_t n = 0;
    FILE *f = fopen("test/data/history-v1.sql", "r");
    sqlite3 *lite;

    CHECK(f && getdelim(&sql, &n, '\0', f) > 0);
    CHECK_EQ(sqlite3_open(path, &lite), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(lite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(lite);
    fclose(f);
    free(sql);
}

/* The hashes are of the files that the first program stored. */
static void test_migration(enum history_mode mode)
{
    const uint64_t expected[2] = { UINT64_C(0xce4c111383cdf571), UINT64_C(0x143b3074002f55a9) };
    struct history *h;
    int version;

    make_v1(in_folder("v1.db"));
    h = opened(in_folder("v1.db"), mode);
    for (int i = 0; i < 2; i++) {
        char *text = NULL;
        size_t n;

        CHECK_EQ(history_text(h, i + 1, &text, &n, NULL), 0);
        CHECK(text && fnv(text, n) == expected[i]);
        mem_free(text);
    }
    CHECK_EQ(h->db->ops->version(h->db, &version, NULL), 0);
    CHECK_EQ(version, HISTORY_SCHEMA);
    history_close(h);
    unlink(in_folder("v1.db"));
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *lite;

    CHECK_EQ(sqlite3_open(path, &lite), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(lite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(lite);
}

static void write_bytes(const char *path, const char *text, long at, size_t n)
{
    FILE *f = fopen(path, at < 0 ? "w" : "r+");

    CHECK(f && (at < 0 || fseek(f, at, SEEK_SET) == 0));
    CHECK_EQ(fwrite(text, 1, n, f), n);
    fclose(f);
}

static void test_refusals(void)
{
    char noise[4096];

    history_close(opened(in_folder("newer.db"), HISTORY_WRITE));
    run_sql(in_folder("newer.db"), "PRAGMA user_version = 99");
    for (int mode = HISTORY_READ; mode <= HISTORY_WRITE; mode++)
        refused(in_folder("newer.db"), (enum history_mode)mode, ERR_FORMAT, "has schema 99");

    run_sql(in_folder("theirs.db"), "CREATE TABLE t (x); PRAGMA user_version = 1");
    refused(in_folder("theirs.db"), HISTORY_WRITE, ERR_FORMAT, "another program's");
    refused(in_folder("theirs.db"), HISTORY_READ, ERR_FORMAT, "another program's");

    memset(noise, 'x', sizeof(noise));
    write_bytes(in_folder("noise.db"), noise, -1, sizeof(noise));
    refused(in_folder("noise.db"), HISTORY_WRITE, ERR_FORMAT, "no SQLite database");
    refused(in_folder("noise.db"), HISTORY_READ, ERR_FORMAT, "no SQLite database");

    refused(folder, HISTORY_WRITE, ERR_IO, folder);
    refused("", HISTORY_WRITE, ERR_ARG, "empty");
    refused(in_folder("noise.db/h.db"), HISTORY_WRITE, ERR_IO, "noise.db/h.db");
}

/* Pages of nonsense: whatever is asked, the answer is a message. */
static void test_damage(void)
{
    struct text_buffer a;
    struct history_run run;
    char noise[4096];
    struct stat st;
    struct history *h = opened(in_folder("bad.db"), HISTORY_WRITE);

    for (int i = 0; i < 3; i++) {
        run_text(&a, i);
        stored(h, a.text, a.n, &run);
        text_buffer_release(&a);
    }
    history_close(h);
    memset(noise, 0x5a, sizeof(noise));
    stat(in_folder("bad.db"), &st);
    for (long at = 4096; at < st.st_size; at += 4096)
        write_bytes(in_folder("bad.db"), noise, at, sizeof(noise));
    run_text(&a, 7);
    if (history_open(&h, in_folder("bad.db"), HISTORY_WRITE, NULL) == 0) {
        struct err e = { 0 };
        char *text;
        size_t n;
        bool known;

        CHECK_EQ(history_text(h, 1, &text, &n, &e), ERR_FORMAT);
        CHECK(strstr(e.msg, "the history is damaged"));
        CHECK_EQ(history_put(h, a.text, a.n, &run, &known, NULL), ERR_FORMAT);
        history_close(h);
    }
    text_buffer_release(&a);
}

/* A transaction that is open in another connection. */
static void test_locked(void)
{
    struct text_buffer a;
    struct history_run run;
    struct err e = { 0 };
    struct history *h = opened(in_folder("locked.db"), HISTORY_WRITE);
    sqlite3 *lite;
    bool known;

    CHECK_EQ(sqlite3_open(in_folder("locked.db"), &lite), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(lite, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    CHECK_EQ(h->db->ops->script(h->db, "PRAGMA busy_timeout = 50", NULL), 0);
    run_text(&a, 1);
    CHECK_EQ(history_put(h, a.text, a.n, &run, &known, &e), ERR_BUSY);
    CHECK(strstr(e.msg, "another program held it"));
    CHECK_EQ(sqlite3_exec(lite, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    stored(h, a.text, a.n, &run);
    sqlite3_close(lite);
    text_buffer_release(&a);
    history_close(h);
}

/* No room for another page: nothing of the run is left, and the history goes on. */
static void test_full(void)
{
    struct text_buffer a;
    struct history_run run;
    struct history_view v;
    struct err e = { 0 };
    struct history *h = opened(in_folder("full.db"), HISTORY_WRITE);
    bool known;

    CHECK_EQ(h->db->ops->script(h->db, "PRAGMA max_page_count = 1", NULL), 0);
    run_text(&a, 1);
    CHECK_EQ(history_put(h, a.text, a.n, &run, &known, &e), ERR_IO);
    CHECK(strstr(e.msg, "no space left"));
    CHECK_EQ(history_runs(h, &(struct history_filter){ 0 }, &v, NULL), 0);
    CHECK_EQ(v.n_runs, 0);
    history_view_release(&v);
    CHECK_EQ(h->db->ops->script(h->db, "PRAGMA max_page_count = 2000", NULL), 0);
    stored(h, a.text, a.n, &run);
    comes_back(h, run.seq, a.text, a.n);
    text_buffer_release(&a);
    history_close(h);
}

static void test_view(void)
{
    struct history *h = opened(in_folder("view.db"), HISTORY_WRITE);
    struct history_run run;
    struct history_view v;

    for (int i = 9; i >= 0; i--) { /* stored in another order than they ran */
        struct text_buffer a;

        run_text(&a, i);
        stored(h, a.text, a.n, &run);
        text_buffer_release(&a);
    }
    CHECK_EQ(history_load(h, &(struct history_filter){ 0 }, &v, NULL), 0);
    CHECK_EQ(v.n_runs, 10);
    CHECK_EQ(v.n_series, FIXTURE_ROWS);
    CHECK_STR(v.series[0].name, "kernels.gemm");
    CHECK_STR(v.series[1].name, "models.llm.decode");
    CHECK_EQ(v.series[1].n_points, 10);
    for (int i = 0; i < 10; i++) {
        CHECK_NEAR(v.series[1].points[i].value, 100 + i, 0);
        CHECK(v.series[1].points[i].run == &v.runs[i]);
        CHECK_EQ(v.series[1].points[i].origin, ORIGIN_IMPORTED);
    }
    history_view_release(&v);
    CHECK_EQ(history_load(h, &(struct history_filter){ .name = "silicon.m*", .last = 3 }, &v, NULL),
             0);
    CHECK_EQ(v.n_runs, 3);
    CHECK_EQ(v.n_series, 2);
    CHECK_STR(v.series[1].settings, "op=chase level=l1");
    CHECK_EQ(v.series[1].direction, LOWER_IS_BETTER);
    CHECK_EQ(v.series[0].points[0].processes, 2);
    CHECK_STR(v.series[0].points[0].variant, "avx2 2 threads");
    CHECK(v.series[0].points[0].lo < v.series[0].points[0].value);
    CHECK(v.series[0].points[0].value < v.series[0].points[0].hi);
    CHECK(strcmp(v.series[0].points[0].run->start, v.series[0].points[2].run->start) < 0);
    history_view_release(&v);
    CHECK_EQ(history_load(h, &(struct history_filter){ .machine = "ffff" }, &v, NULL), 0);
    CHECK_EQ(v.n_series, 0);
    history_view_release(&v);
    history_close(h);
}

static void test_baselines(void)
{
    static const char *const bad[] = { "",          "latest", "a b",  "x.json",
                                       ".x",        "-x",     "2026", "20261121T0701-abc",
                                       "caf\u00e9", "a/b" };
    struct history *h = opened(in_folder("baseline.db"), HISTORY_WRITE);
    struct history_baseline b, *list;
    struct history_run run[2];
    struct err e = { 0 };
    sqlite3 *lite;
    bool found;
    size_t n;

    for (int i = 0; i < 2; i++) {
        struct text_buffer a;

        run_text(&a, i);
        stored(h, a.text, a.n, &run[i]);
        text_buffer_release(&a);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_EQ(history_baseline_save(h, bad[i], run[0].seq, false, NULL), ERR_ARG);
    CHECK_EQ(history_baseline_save(h, "nightly", run[0].seq, false, NULL), 0);
    CHECK_EQ(history_baseline_save(h, "v1.0-rc+2_x", run[1].seq, true, NULL), 0);
    CHECK_EQ(history_baseline_save(h, "nightly", run[1].seq, false, &e), ERR_ARG);
    CHECK(strstr(e.msg, "there is a baseline nightly already"));
    CHECK(history_baseline_save(h, "dangling", 99, false, NULL) < 0);
    CHECK_EQ(history_baseline_get(h, "nightly", &b, &found, NULL), 0);
    CHECK(found && b.run.seq == run[0].seq);
    CHECK_STR(b.run.machine, run[0].machine);
    CHECK_EQ(history_baseline_save(h, "nightly", run[1].seq, true, NULL), 0);
    CHECK_EQ(history_baseline_get(h, "nightly", &b, &found, NULL), 0);
    CHECK(found && b.run.seq == run[1].seq);
    CHECK_EQ(sqlite3_open(in_folder("baseline.db"), &lite), SQLITE_OK);
    CHECK(sqlite3_exec(lite, "UPDATE baseline SET run = 1", NULL, NULL, NULL) != SQLITE_OK);
    sqlite3_close(lite);
    CHECK_EQ(history_baseline_list(h, &list, &n, NULL), 0);
    CHECK_EQ(n, 2);
    CHECK_STR(list[1].name, "v1.0-rc+2_x");
    mem_free(list);
    CHECK_EQ(history_baseline_delete(h, "nightly", &found, NULL), 0);
    CHECK(found);
    CHECK_EQ(history_baseline_delete(h, "nightly", &found, NULL), 0);
    CHECK(!found);
    history_close(h);
}

static void test_pack(void)
{
    static char zeros[1 << 16];
    void *packed;
    char *text;
    size_t n, m;

    CHECK_EQ(history_pack(zeros, sizeof(zeros), &packed, &n, NULL), 0);
    CHECK_EQ(history_unpack(packed, n, sizeof(zeros), &text, &m, NULL), 0);
    CHECK_EQ(m, sizeof(zeros));
    mem_free(text);
    CHECK_EQ(history_unpack(packed, n, sizeof(zeros) - 1, &text, &m, NULL), ERR_FORMAT);
    CHECK_EQ(history_unpack(packed, n - 1, sizeof(zeros), &text, &m, NULL), ERR_FORMAT);
    for (size_t i = 0; i < n; i++) { /* the stream ends in a checksum */
        ((unsigned char *)packed)[i] ^= 1;
        if (history_unpack(packed, n, sizeof(zeros), &text, &m, NULL) == 0) {
            CHECK(m == sizeof(zeros) && memcmp(text, zeros, m) == 0);
            mem_free(text);
        }
        ((unsigned char *)packed)[i] ^= 1;
    }
    mem_free(packed);
    CHECK_EQ(history_unpack("", 0, 10, &text, &m, NULL), ERR_FORMAT);
    CHECK_EQ(history_pack("", 0, &packed, &n, NULL), 0);
    CHECK_EQ(history_unpack(packed, n, 0, &text, &m, NULL), 0);
    CHECK_EQ(m, 0);
    mem_free(text);
    mem_free(packed);
}

static void test_shown(void)
{
    static const char *const list[][2] = {
        { "/a/b.db", "/a/b.db" },
        { "postgresql://me:secret@host/db", "postgresql://me:***@host/db" },
        { "--store=postgres://me:s@host:5432", "--store=postgres://me:***@host:5432" },
        { "postgresql://me@host/db?password=secret&sslmode=require",
          "postgresql://me@host/db?password=***&sslmode=require" },
        { "postgresql://host:5432/db", "postgresql://host:5432/db" },
        { "postgresql://", "postgresql://" },
    };
    char buf[100];

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        history_shown(list[i][0], buf, sizeof(buf));
        CHECK_STR(buf, list[i][1]);
    }
    history_shown("postgresql://me:secret@host/db", buf, 12);
    CHECK_STR(buf, "postgresql:");
}

/* Make a history, store, read and list. */
static int whole_life(const char *path, const struct text_buffer *a)
{
    struct history_run run;
    struct history_view v;
    struct history *h;
    char *text;
    size_t n;
    bool known;
    int rc = history_open(&h, path, HISTORY_WRITE, NULL);

    if (rc < 0)
        return rc;
    rc = history_put(h, a->text, a->n, &run, &known, NULL);
    if (rc == 0)
        rc = history_text(h, run.seq, &text, &n, NULL);
    if (rc == 0) {
        CHECK(n == a->n && memcmp(text, a->text, n) == 0);
        mem_free(text);
        rc = history_load(h, &(struct history_filter){ 0 }, &v, NULL);
        if (rc == 0)
            history_view_release(&v);
    }
    history_close(h);
    return rc;
}

/* Whichever allocation fails, ours, SQLite's or Jansson's: there is no memory, or (SQLite can do
 * without some) all is well. */
static void test_without_memory(void)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    struct text_buffer a;
    char path[64], file[80];
    uint64_t i, begun, used = UINT64_MAX;
    uint64_t step = HEADROOM_INSTRUMENTED ? 997 : 53;
    int failed = 0;

    /* Thousands of commits: in memory, where there is such a folder. */
    snprintf(path, sizeof(path), "%s/headroom-test-%d.db",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : folder, (int)getpid());
    run_text(&a, 1);
    for (i = 1; i < used; i += i < 400 ? 1 : step) {
        int rc;

        for (int k = 0; k < 3; k++) {
            snprintf(file, sizeof(file), "%s%s", path, ends[k]);
            unlink(file);
        }
        begun = mem_count();
        mem_fail_at(i);
        rc = whole_life(path, &a);
        mem_fail_at(0);
        if (rc != 0 && rc != ERR_NOMEM) {
            fprintf(stderr, "allocation %" PRIu64 ": %d\n", i, rc);
            test_failures++;
        }
        failed += rc != 0;
        if (mem_count() - begun < i)
            used = 0;
    }
    unlink(path);
    CHECK(i > 5000 && failed > 300);
    text_buffer_release(&a);
}

int main(void)
{
    char command[64];

    if (!mkdtemp(folder))
        abort();
    test_without_memory(); /* first: SQLite takes our memory before anybody else uses it */
    test_round_trip();
    test_other_texts();
    test_heads();
    test_shared_blocks();
    test_equal_hashes();
    test_migration(HISTORY_WRITE);
    test_migration(HISTORY_READ);
    test_refusals();
    test_damage();
    test_locked();
    test_full();
    test_view();
    test_baselines();
    test_pack();
    test_shown();
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    CHECK_EQ(system(command), 0);
    TEST_DONE();
}
