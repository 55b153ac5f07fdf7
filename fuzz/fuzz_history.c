/* fuzz_history.c - what a history may meet: a file that anybody wrote, and a database that anybody
 * damaged.
 *
 * The first byte says what the others are: '0' a packed text, '1' a file to import, '2' the frame
 * of a run in the database.  Oracles: what is unpacked can be packed and gives the same text; what
 * is stored comes back byte for byte; what is refused has a message. */
#include "fuzz.h"

#include <unistd.h>

#include "core/mem.h"
#include "store/history.h"
#include "store/history_db.h"
#include "store/history_pack.h"
#include "store/import/importers.h"

enum { UNPACK_MAX = 1 << 20, PUTS_PER_FILE = 500 };

static void remove_files(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char name[80];

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
}

/* In memory, so that a commit costs no disk.  Open files are enough: nothing is left behind. */
static struct history *scratch_history(void)
{
    static struct history *h;
    static int puts;
    char path[64];

    if (!h || ++puts % PUTS_PER_FILE == 0) {
        history_close(h);
        snprintf(path, sizeof(path), "/dev/shm/headroom-fuzz-%d.db", (int)getpid());
        FUZZ_CHECK(history_open(&h, path, HISTORY_WRITE, NULL) == 0);
        remove_files(path);
    }
    return h;
}

static void try_unpack(const char *data, size_t size)
{
    struct err e = { 0 };
    char *text, *again;
    void *packed;
    size_t n, m;

    if (history_unpack(data, size, UNPACK_MAX, &text, &n, &e) < 0) {
        FUZZ_CHECK(e.code && e.msg[0] && !text);
        return;
    }
    FUZZ_CHECK(history_pack(text, n, &packed, &m, NULL) == 0);
    FUZZ_CHECK(history_unpack(packed, m, UNPACK_MAX, &again, &m, NULL) == 0);
    FUZZ_CHECK(m == n && memcmp(text, again, n) == 0);
    mem_free(text);
    mem_free(again);
    mem_free(packed);
}

static void try_import(const char *data, size_t size)
{
    const struct import_source src = { .text = data, .n = size, .path = "x" };
    struct history *h = scratch_history();
    const struct importer *by;
    struct text_buffer ours;
    struct history_run run;
    struct err e = { 0 };
    char *back;
    size_t n;
    bool known;

    if (importers_read(&src, &ours, &by, &e) < 0 ||
        history_put(h, ours.text, ours.n, &run, &known, &e) < 0) {
        FUZZ_CHECK(e.code && e.msg[0]);
    } else {
        FUZZ_CHECK(history_text(h, run.seq, &back, &n, NULL) == 0);
        FUZZ_CHECK(n == ours.n && memcmp(back, ours.text, n) == 0);
        mem_free(back);
    }
    text_buffer_release(&ours);
}

static int take_seq(void *self, const struct db_value *column, int n, struct err *e)
{
    (void)n;
    (void)e;
    *(int64_t *)self = db_get_int(&column[0]);
    return 0;
}

/* A run with this frame and one row, in a transaction that is given up. */
static void try_frame(const char *data, size_t size)
{
    struct history *h = scratch_history();
    int64_t seq = 0;
    const struct db_rows rows = { .row = take_seq, .self = &seq };
    struct err e = { 0 };
    void *frame, *body;
    size_t frame_n, body_n, n;
    char *text;

    FUZZ_CHECK(history_pack(data, size, &frame, &frame_n, NULL) == 0);
    FUZZ_CHECK(history_pack("{}\n", 3, &body, &body_n, NULL) == 0);
    FUZZ_CHECK(h->db->ops->begin(h->db, NULL) == 0);
    const struct db_value run[] = { db_blob(frame, frame_n) };
    FUZZ_CHECK(h->db->ops->exec(h->db,
                                "INSERT INTO run (id, started, ended, suite, status, machine, "
                                "machine_name, commit_id, n_rows, n_ok, stored, frame) VALUES "
                                "('x', '', '', '', '', '', '', '', 1, 0, '', $1) RETURNING seq",
                                run, 1, &rows, NULL) == 0);
    const struct db_value document[] = { db_int(seq), db_blob(body, body_n) };
    FUZZ_CHECK(h->db->ops->exec(h->db, "INSERT INTO document (run, body) VALUES ($1, $2)", document,
                                2, NULL, NULL) == 0);
    if (history_text(h, seq, &text, &n, &e) == 0)
        mem_free(text);
    else
        FUZZ_CHECK(e.code && e.msg[0] && !text);
    h->db->ops->rollback(h->db);
    mem_free(frame);
    mem_free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input;

    if (size == 0)
        return 0;
    input = fuzz_copy(data + 1, size - 1);
    switch (data[0]) {
    case '0': try_unpack(input, size - 1); break;
    case '1': try_import(input, size - 1); break;
    case '2': try_frame(input, size - 1); break;
    default: break;
    }
    free(input);
    return 0;
}
