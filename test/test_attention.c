/* Dense attention over a paged cache: every variant against F64 over shapes, caches and inputs; the
 * same bits whatever else a call holds; what a wrong one looks like. */
#include "kernel_parity.h"

#include "core/mem.h"
#include "kernels/attention/attention.h"

struct form {
    int heads, kv_heads, head_dim, window;
    enum dtype kv;
};

static const struct form forms[] = {
    { 1, 1, 64, 0, DTYPE_F32 },    { 4, 4, 64, 0, DTYPE_F16 }, { 9, 3, 64, 0, DTYPE_F16 },
    { 14, 2, 64, 0, DTYPE_F32 },   { 4, 2, 80, 0, DTYPE_F16 }, { 2, 2, 96, 47, DTYPE_F16 },
    { 8, 1, 128, 0, DTYPE_F16 },   { 5, 5, 8, 33, DTYPE_F32 }, { 40, 1, 24, 0, DTYPE_F16 },
    { 4, 1, 256, 300, DTYPE_F16 }, { 3, 3, 16, 1, DTYPE_F32 },
};

/* tokens, first, form */
static const struct parity_shape shapes[] = {
    { .what = "one position", .dim = { 1, 0, 0 } },
    { .what = "one token", .dim = { 1, 31, 1 } },
    { .what = "crosses a page", .dim = { 1, 32, 2 } },
    { .what = "crosses a cut", .dim = { 1, 256, 2 } },
    { .what = "decode", .dim = { 1, 1000, 3 } },
    { .what = "decode", .dim = { 1, 777, 6 } },
    { .what = "window", .dim = { 1, 600, 9 } },
    { .what = "window", .dim = { 34, 270, 5 } },
    { .what = "few tokens over cuts", .dim = { 7, 253, 4 } },
    { .what = "prompt", .dim = { 65, 0, 2 } },
    { .what = "prompt after a prompt", .dim = { 37, 230, 1 } },
    { .what = "odd heads", .dim = { 33, 30, 7 } },
    { .what = "many heads", .dim = { 3, 40, 8 } },
    { .what = "window of itself", .dim = { 35, 90, 10 } },
    { .what = "misaligned", .dim = { 34, 5, 5 }, .gap = 4 },
};

enum { N_SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

/* One call with all that it reads: a sequence of first + tokens positions in pages in disorder. */
struct call {
    struct attention_args a;
    struct parity_buffer q, k, v, out, pool, partial;
    int32_t pages[64];
    int n_pages;
};

enum { PAD = 5 /* floats between rows */ };

static void disorder(struct call *c, uint64_t seed)
{
    struct rng rng;

    rng_init(&rng, seed, 9);
    for (int i = 0; i < c->n_pages; i++) {
        int j = (int)rng_below(&rng, (uint64_t)i + 1);

        c->pages[i] = c->pages[j];
        c->pages[j] = i;
    }
}

/* K and V of all positions by the layout that the header states. */
static void fill_cache(const struct call *c)
{
    const struct attention_args *a = &c->a;
    const float *from[2] = { c->k.p, c->v.p };

    for (int p = 0; p < a->first + a->tokens; p++)
        for (int i = 0; i < 2 * a->kv_heads * a->head_dim; i++) {
            const int is_v = i % 2, d = i / 2 % a->head_dim, h = i / 2 / a->head_dim;
            const int at = p % KV_PAGE;
            const int index = is_v ? at * a->head_dim + d : d * KV_PAGE + at;
            const float x = from[is_v][(size_t)p * a->ldkv + (size_t)(h * a->head_dim + d)];
            char *head = (char *)a->pool + (size_t)a->pages[p / KV_PAGE] * a->page_bytes +
                         (is_v ? a->v_offset : a->k_offset) + (size_t)h * a->head_bytes;

            if (a->kv_dtype == DTYPE_F16)
                ((uint16_t *)(void *)head)[index] = f32_to_f16(x);
            else
                ((float *)(void *)head)[index] = x;
        }
}

/* NaN or infinity goes into one of q, K and V: which one, the shape says. */
static void fill_inputs(struct call *c, enum parity_input input, uint64_t seed)
{
    const struct parity_buffer *b[3] = { &c->q, &c->k, &c->v };

    for (int i = 0; i < 3; i++) {
        const int special = input == PARITY_NAN || input == PARITY_INF;
        const int here = !special || (int)(seed / PARITY_INPUTS % 3) == i;

        parity_fill(b[i]->p, b[i]->bytes / sizeof(float), here ? input : PARITY_RANDOM, seed,
                    (uint64_t)i);
    }
}

static void call_init(struct call *c, const struct form *f, int tokens, int first, size_t gap)
{
    const size_t head = (attention_head_bytes(f->kv, f->head_dim) + 63) / 64 * 64;
    const size_t rows = (size_t)tokens, positions = (size_t)(first + tokens);

    *c = (struct call){ .a = { .tokens = tokens,
                               .first = first,
                               .heads = f->heads,
                               .kv_heads = f->kv_heads,
                               .head_dim = f->head_dim,
                               .window = f->window,
                               .kv_dtype = f->kv,
                               .scale = 1 / sqrtf((float)f->head_dim),
                               .ldq = (size_t)(f->heads * f->head_dim),
                               .ldo = (size_t)(f->heads * f->head_dim + PAD),
                               .ldkv = (size_t)(f->kv_heads * f->head_dim),
                               .k_offset = 64,
                               .head_bytes = head } };
    c->a.v_offset = 64 + head * (size_t)f->kv_heads;
    c->a.page_bytes = 64 + 2 * head * (size_t)f->kv_heads;
    c->n_pages = (first + tokens + KV_PAGE - 1) / KV_PAGE;
    c->q = parity_new(rows * c->a.ldq * sizeof(float), gap);
    c->k = parity_new(positions * c->a.ldkv * sizeof(float), gap);
    c->v = parity_new(positions * c->a.ldkv * sizeof(float), gap);
    c->out = parity_new(rows * c->a.ldo * sizeof(float), gap);
    c->pool = parity_new((size_t)c->n_pages * c->a.page_bytes, 0);
    c->a.q = c->q.p;
    c->a.out = c->out.p;
    c->a.pool = c->pool.p;
    c->a.pages = c->pages;
    c->partial = parity_new(attention_partial_floats(&c->a) * sizeof(float), 0);
    c->a.partial = c->partial.p;
    /* Of the call's own tokens. */
    c->a.k = (const float *)c->k.p + (size_t)first * c->a.ldkv;
    c->a.v = (const float *)c->v.p + (size_t)first * c->a.ldkv;
    disorder(c, (uint64_t)positions);
}

static void call_release(struct call *c, const struct parity_case *pc, struct parity_report *r)
{
    struct parity_buffer *b[] = { &c->q, &c->k, &c->v, &c->out, &c->pool, &c->partial };

    for (size_t i = 0; i < sizeof(b) / sizeof(b[0]); i++)
        parity_free(b[i], pc, r);
}

/* The items of a step in an order of their own. */
static void run_all(const struct attention_variant *v, const struct attention_args *a)
{
    const int items = attention_items(a), merges = attention_merges(a);

    for (int i = 0; i < items; i++)
        v->run(a, i % 2 ? i / 2 : items - 1 - i / 2);
    for (int i = 0; i < merges; i++)
        v->merge(a, merges - 1 - i);
}

/* What a case has to give; made once for all variants. */
struct answer {
    double *want, *tol;
};

static const struct answer *answer_of(const struct parity_case *pc, const struct attention_args *a)
{
    static struct answer known[N_SHAPES][PARITY_INPUTS];
    struct answer *k = &known[pc->shape - shapes][pc->input];
    const size_t row = (size_t)a->heads * (size_t)a->head_dim;

    if (k->want)
        return k;
    k->want = mem_calloc((size_t)a->tokens * row, sizeof(*k->want));
    k->tol = mem_calloc((size_t)a->tokens * row, sizeof(*k->tol));
    attention_reference(a, k->want, k->tol);
    return k;
}

static void compare(const struct parity_case *pc, struct parity_report *r,
                    const struct attention_args *a)
{
    const struct answer *k = answer_of(pc, a);
    const size_t row = (size_t)a->heads * (size_t)a->head_dim;

    for (int t = 0; t < a->tokens; t++) {
        const uint8_t *pad = (const uint8_t *)(a->out + (size_t)t * a->ldo + row);

        parity_values(pc, r, a->out + (size_t)t * a->ldo, k->want + (size_t)t * row,
                      k->tol + (size_t)t * row, row);
        for (size_t i = 0; i < PAD * sizeof(float); i++)
            r->wrong += pad[i] != 0xff;
    }
}

/* Ways to be wrong, made by calling a right variant with other arguments. */
enum { RIGHT, SEES_AHEAD, WINDOW, HEAD, SCALE, NO_MERGE, WAYS };
static const char *const ways[] = { "right", "sees ahead", "window", "head", "scale", "no merge" };

static struct attention_args bend(const struct attention_args *a, int way)
{
    struct attention_args b = *a;

    if (way == SEES_AHEAD)
        b.window = 1;
    if (way == WINDOW && b.window)
        b.window++;
    if (way == HEAD && b.kv_heads > 1)
        b.k_offset = b.v_offset;
    if (way == SCALE)
        b.scale *= 1.001f;
    return b;
}

static int way; /* of the variants that the table shows */

static void run(int variant, const struct parity_case *pc, struct parity_report *r)
{
    int n;
    const struct attention_variant *v = &attention_variants(&n)[way ? 0 : variant];
    const size_t *dim = pc->shape->dim;
    struct attention_args bent;
    struct call c;

    call_init(&c, &forms[dim[2]], (int)dim[0], (int)dim[1], pc->shape->gap);
    fill_inputs(&c, pc->input, pc->seed);
    fill_cache(&c);
    bent = bend(&c.a, way);
    if (way == NO_MERGE)
        for (int i = 0; i < attention_items(&c.a); i++)
            v->run(&c.a, i);
    else
        run_all(v, &bent);
    compare(pc, r, &c.a);
    call_release(&c, pc, r);
}

static const char *name(int v)
{
    int n;

    return way ? ways[way] : attention_variants(&n)[v].name;
}

static uint64_t needs(int v)
{
    int n;

    return attention_variants(&n)[v].needs;
}

static const struct parity_case any_case = { .op = "attention", .shape = &shapes[0] };

static void expect_clean(const struct parity_report *r)
{
    if (r->wrong > 0)
        fprintf(stderr, "%s\n", r->first);
    CHECK_EQ(r->wrong, 0);
}

/* Tokens in several calls, or alone, in another order of items: the bits of one call for all. */
static void test_bits(const struct attention_variant *v)
{
    static const int steps[] = { 1, 5, 32, 33 };
    struct parity_report r = { 0 };
    struct parity_case pc = any_case;

    pc.variant = v->name;
    for (size_t f = 1; f < sizeof(forms) / sizeof(forms[0]); f += 2) {
        struct call c;
        float *whole;
        size_t bytes;

        call_init(&c, &forms[f], 90, 190, 0);
        fill_inputs(&c, PARITY_RANDOM, f);
        fill_cache(&c);
        run_all(v, &c.a);
        bytes = c.out.bytes;
        whole = mem_calloc(bytes, 1);
        memcpy(whole, c.out.p, bytes);
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
            memset(c.out.p, 0xff, bytes);
            for (int t = 0; t < c.a.tokens; t += steps[i]) {
                struct attention_args part = c.a;

                part.tokens = steps[i] < c.a.tokens - t ? steps[i] : c.a.tokens - t;
                part.first = c.a.first + t;
                part.q += (size_t)t * c.a.ldq;
                part.out += (size_t)t * c.a.ldo;
                part.partial = mem_calloc(attention_partial_floats(&part), sizeof(float));
                CHECK(attention_partial_floats(&part) <=
                      attention_partial_bound(&part, part.first + part.tokens));
                run_all(v, &part);
                mem_free(part.partial);
            }
            for (int t = 0; t < c.a.tokens; t++)
                parity_same(&pc, &r, c.a.out + (size_t)t * c.a.ldo, whole + (size_t)t * c.a.ldo,
                            (size_t)(c.a.heads * c.a.head_dim));
        }
        mem_free(whole);
        call_release(&c, &pc, &r);
    }
    expect_clean(&r);
}

/* `store` writes what the header says, and no other byte. */
static void test_store(const struct attention_variant *v)
{
    struct parity_report r = { 0 };

    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++)
        for (int first = 0; first < 70; first += 23) {
            struct call c;
            uint8_t *want;

            call_init(&c, &forms[f], 45, first, f % 2 * 4);
            fill_inputs(&c, f % 3 ? PARITY_RANDOM : PARITY_HUGE, f);
            fill_cache(&c);
            want = mem_calloc(c.pool.bytes, 1);
            memcpy(want, c.pool.p, c.pool.bytes);
            memset(c.pool.p, 0xff, c.pool.bytes);
            /* In two calls: what was there, then the call's own. */
            for (int own = 0; own < 2; own++) {
                struct attention_args a = c.a;

                a.tokens = own ? c.a.tokens : first;
                a.first = own ? first : 0;
                a.k = own ? c.a.k : c.k.p;
                a.v = own ? c.a.v : c.v.p;
                for (int i = 0; i < attention_stores(&a); i++)
                    v->store(&a, i);
            }
            CHECK(memcmp(want, c.pool.p, c.pool.bytes) == 0);
            mem_free(want);
            call_release(&c, &any_case, &r);
        }
    expect_clean(&r);
}

/* Scores so large that one weight is 1: its V comes out; V the same everywhere: it comes out. */
static void test_known(const struct attention_variant *v)
{
    struct parity_report r = { 0 };
    struct call c;

    call_init(&c, &forms[2], 40, 500, 0);
    fill_inputs(&c, PARITY_RANDOM, 1);
    for (size_t i = 0; i < c.v.bytes / sizeof(float); i++)
        ((float *)c.v.p)[i] = 0.7f;
    fill_cache(&c);
    run_all(v, &c.a);
    for (int t = 0; t < c.a.tokens; t++)
        for (int i = 0; i < c.a.heads * c.a.head_dim; i++) /* within an ulp of the cache's type */
            CHECK_NEAR((double)c.a.out[(size_t)t * c.a.ldo + (size_t)i],
                       (double)f16_to_f32(f32_to_f16(0.7f)), 0x1p-11);
    call_release(&c, &any_case, &r);

    /* q = 30 times the K of one position: that one wins, by far. */
    call_init(&c, &forms[0], 1, 400, 0);
    fill_inputs(&c, PARITY_RANDOM, 2);
    for (int d = 0; d < 64; d++)
        ((float *)c.q.p)[d] = 30 * ((const float *)c.k.p)[123 * 64 + d];
    fill_cache(&c);
    run_all(v, &c.a);
    for (int d = 0; d < 64; d++)
        CHECK_NEAR((double)c.a.out[d], (double)((const float *)c.v.p)[123 * 64 + d], 1e-6);
    call_release(&c, &any_case, &r);
    expect_clean(&r);
}

/* A later token's NaN is none of an earlier token's business. */
static void test_causal_nan(const struct attention_variant *v)
{
    struct parity_report r = { 0 };
    struct call c;

    call_init(&c, &forms[1], 40, 20, 0);
    fill_inputs(&c, PARITY_RANDOM, 3);
    for (int d = 0; d < 4 * 64; d++) {
        ((float *)c.k.p)[(size_t)(20 + 30) * c.a.ldkv + (size_t)d] = NAN;
        ((float *)c.v.p)[(size_t)(20 + 30) * c.a.ldkv + (size_t)d] = NAN;
    }
    fill_cache(&c);
    run_all(v, &c.a);
    for (int t = 0; t < c.a.tokens; t++)
        for (int i = 0; i < c.a.heads * c.a.head_dim; i++)
            CHECK_EQ(isnan(c.a.out[(size_t)t * c.a.ldo + (size_t)i]), t >= 30);
    call_release(&c, &any_case, &r);
    expect_clean(&r);
}

int main(void)
{
    struct parity_op op = { .name = "attention",
                            .shapes = shapes,
                            .n_shapes = N_SHAPES,
                            .inputs = PARITY_ALL,
                            .variant = name,
                            .needs = needs,
                            .run = run };
    const struct attention_variant *v = attention_variants(&op.n_variants);

    parity_walk(&op);
    for (int i = 0; i < op.n_variants; i++) {
        if (v[i].needs & ~cpu_here()->features)
            continue;
        test_bits(&v[i]);
        test_store(&v[i]);
        test_known(&v[i]);
        test_causal_nan(&v[i]);
    }
    op.n_variants = 1;
    for (way = RIGHT + 1; way < WAYS; way++)
        parity_catches(&op);
    TEST_DONE();
}
