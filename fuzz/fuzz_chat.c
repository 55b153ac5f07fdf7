/* fuzz_chat.c - conversations with any content, by each chat template; and templates as anybody may
 * have written them.
 *
 * The first byte chooses the template, or that the rest is the source of one.  The rest is cut at
 * NUL bytes into messages, each with a role by its first byte.  Oracles: no content adds a special
 * token; with byte-level BPE the tokens, decoded, are the rendered text. */
#include "fuzz_vocabulary.h"

#include "core/mem.h"
#include "models/text/chat.h"

enum { MESSAGES_MAX = 6 };

static size_t specials(const struct tokenizer *t, const struct tokens *ids)
{
    size_t n = 0;

    for (size_t i = 0; i < ids->n; i++)
        n += t->v.piece[ids->id[i]].kind == PIECE_CONTROL;
    return n;
}

static int read_messages(char *text, size_t size, struct chat_message *m)
{
    static const char *const roles[] = { "user", "assistant", "system", "user" };
    int n = 0;

    while (size > 0 && n < MESSAGES_MAX) {
        size_t used = strnlen(text + 1, size - 1) + 1;

        m[n].role = roles[(unsigned char)text[0] % 4];
        m[n++].content = text + 1;
        used += used < size; /* the NUL behind it */
        text += used;
        size -= used;
    }
    return n;
}

static void check_chat(const struct tokenizer *t, enum chat_template c,
                       const struct chat_message *m, int n, bool answer)
{
    struct chat_message plain[MESSAGES_MAX];
    struct tokens ids = { 0 }, few = { 0 };
    struct err e = { 0 };
    char *text = NULL, *back = NULL;
    size_t n_back = 0;
    int rc = chat_render(c, m, n, answer, &text, &e);

    FUZZ_CHECK(chat_encode(t, c, m, n, answer, &ids, NULL) == rc);
    if (rc < 0) {
        FUZZ_CHECK((rc == ERR_ARG || rc == ERR_NOTSUP) && e.msg[0]);
        tokens_release(&ids);
        return;
    }
    for (int i = 0; i < n; i++) /* an empty message may be left out by the template */
        plain[i] = (struct chat_message){ m[i].role, m[i].content[0] ? "x" : "" };
    FUZZ_CHECK(chat_encode(t, c, plain, n, answer, &few, NULL) == 0);
    FUZZ_CHECK(specials(t, &ids) == specials(t, &few));
    FUZZ_CHECK(tokenizer_decode(t, ids.id, ids.n, true, &back, &n_back, NULL) == 0);
    if (!t->spm)
        FUZZ_CHECK(n_back == strlen(text) && memcmp(back, text, n_back) == 0);
    mem_free(text);
    mem_free(back);
    tokens_release(&ids);
    tokens_release(&few);
}

static void check_source(const char *p, size_t n)
{
    enum chat_template c = CHAT_NONE;
    struct err e = { 0 };
    int rc = chat_template_tell(p, n, &c, &e);

    FUZZ_CHECK(rc == 0 ? c > CHAT_NONE && c < CHAT_TEMPLATES : rc == ERR_NOTSUP && e.msg[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tokenizer *bpe, *spm;
    struct chat_message m[MESSAGES_MAX];
    int choice = size ? data[0] % (CHAT_TEMPLATES + 1) : 0, n;
    char *text;

    if (size == 0)
        return 0;
    if (!bpe) {
        bpe = fuzz_tokenizer(false, PRE_QWEN2);
        spm = fuzz_tokenizer(true, PRE_GPT2);
    }
    text = fuzz_text(data + 1, size - 1);
    if (choice == CHAT_TEMPLATES) {
        check_source(text, size - 1);
    } else {
        n = read_messages(text, size - 1, m);
        check_chat(data[0] & 0x80 ? spm : bpe, (enum chat_template)choice, m, n,
                   (data[0] & 0x40) == 0);
    }
    free(text);
    return 0;
}
