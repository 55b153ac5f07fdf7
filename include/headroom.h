/* headroom.h - libheadroom: headroom's kernels, to be called from any program.
 *
 *   Block-sparse attention   lists of 128x128 blocks are loaded once and run as often as wanted
 *   Ternary matrix products  weights -1, 0, 1 are loaded once; RMSNorm in front of them if wanted
 *
 * both on the CPU, with pointers to host memory, or on a GPU, with pointers to its memory and a
 * CUDA stream.  `pkg-config --cflags --libs headroom` says how to compile; README.md has examples
 * in C and in Python.
 *
 * Errors    A function that returns int returns 0 (or what it says) or a negative HEADROOM_E_*
 *           code; headroom_error_message() then says what was wrong, where, and what was expected.
 *           No input ends the process.  What is not said to be checked is the caller's to promise.
 * Ownership Pointers are borrowed for the call, unless it is said otherwise.  What an _open or
 *           _make function gives is the caller's, until the _close or _free function of that kind.
 * Threads   Everything may be called from any thread.  A handle is used by one at a time; handles
 *           share nothing.
 * Numbers   Arrays are contiguous, in the order of the brackets: [rows][cols] has cols together.
 *           dtype HEADROOM_F16 is IEEE binary16, HEADROOM_BF16 its upper half of binary32.
 * Waiting   Every wait for a GPU ends: what is not done after 20 s is HEADROOM_E_DEVICE, and so is
 *           every later call for a GPU in this process.
 *
 * C99, C++98 and what they came to.  A build without CUDA has the same functions: those for a GPU
 * give HEADROOM_E_NOTSUP. */
#ifndef HEADROOM_H
#define HEADROOM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What this header describes.  It changes with everything that a compiled caller would notice, and
 * libheadroom.so.N is of this N.  Functions may be added without. */
#define HEADROOM_ABI_VERSION 1

/* Of the library that was loaded: should be HEADROOM_ABI_VERSION. */
int headroom_abi_version(void);

/* Of headroom, for people: "0.1.0".  Static. */
const char *headroom_version(void);

enum {
    HEADROOM_OK = 0,
    HEADROOM_E_NOMEM = -1,  /* host or device memory does not suffice */
    HEADROOM_E_IO = -2,     /* the operating system said no */
    HEADROOM_E_FORMAT = -3, /* data are not what they claim to be: a ternary code 3 */
    HEADROOM_E_ARG = -4,    /* an argument makes no sense */
    HEADROOM_E_NOTSUP = -5, /* this machine, build or variant cannot do it */
    HEADROOM_E_DEVICE = -6  /* the GPU failed or hangs; it is lost to this process */
};

/* Why the last call of this thread that failed did so: a sentence; "" before the first.  Valid
 * until this thread's next call into the library. */
const char *headroom_error_message(void);

/* ---- devices */

enum { HEADROOM_CPU = -1 /* GPUs are 0, 1 ...: CUDA's numbers */ };

struct headroom_device {
    char name[96];         /* "NVIDIA H200", or what the CPU calls itself */
    int32_t capability;    /* 90 for compute capability 9.0; 0: the CPU */
    int32_t units;         /* multiprocessors; the CPU's cores that this process may use */
    uint64_t memory_bytes; /* of the device, or of the machine or its container; 0: not known */
};

/* How many GPUs there are.  0 is no error, but headroom_error_message() says why there is none. */
int headroom_gpus(void);

/* HEADROOM_E_ARG: there is no device of this number; HEADROOM_E_NOTSUP: there is no GPU at all. */
int headroom_device(int device, struct headroom_device *out);

/* Wait until the stream (cudaStream_t; NULL: the default one) of a GPU has done what it was given.
 * On the CPU, where nothing is ever pending: 0. */
int headroom_sync(int device, void *stream);

/* ---- block-sparse attention
 *
 *   O[h][i] = sum over j of softmax_j(scale Q[h][i] . K[h][j]) V[h][j]
 *   LSE[h][i] = ln sum over j of exp(scale Q[h][i] . K[h][j])
 *
 * over the positions j < kv_len whose score exists.  The scores of a head are cut into blocks of
 * HEADROOM_BLOCK x HEADROOM_BLOCK; lists say which exist, and of a block that has a bit mask, only
 * the scores whose bit is set.  A position that sees nothing has O = 0 and LSE = -infinity.  NaN
 * that a position sees is NaN in its O.  Scores and sums are binary32. */

enum { HEADROOM_BLOCK = 128, HEADROOM_MASK_WORDS = 128 * 128 / 32 };
enum { HEADROOM_F16 = 1, HEADROOM_BF16 = 2 };

/* Which blocks there are, in host memory.  With B = ceil(q_len / HEADROOM_BLOCK), block row r of
 * head h is list l = h * B + r, and has the blocks col[row_ptr[l]] .. col[row_ptr[l + 1] - 1].
 * Queries of a batch bring heads of their own: 8 queries of 4 heads are 32 heads here. */
struct headroom_sparse_lists {
    int32_t heads;          /* >= 0 */
    int32_t q_len, kv_len;  /* positions, >= 0; the last block may be cut short */
    int32_t n_masks;        /* >= 0 */
    int64_t n_blocks;       /* how many entries col, and mask, have */
    const int32_t *row_ptr; /* [heads * B + 1]; from 0 to n_blocks, never falling */
    const int32_t *col;     /* [n_blocks] block columns: ascending in a list, none twice */
    const int32_t *mask;    /* [n_blocks] which mask; -1: every score.  NULL: all -1 */
    const uint32_t *masks;  /* [n_masks][128][4]: bit j % 32 of word j / 32 is column j of a row */
};

enum {
    /* An output's bits depend on its own list, Q, K and V alone, not on what else is in the call.
     * Without it they depend on all lists.  Either way each run gives the same ones. */
    HEADROOM_INVARIANT = 1
};

struct headroom_sparse_options {
    int32_t device;      /* HEADROOM_CPU, or a GPU */
    int32_t dtype;       /* of Q, K, V and O: HEADROOM_F16 or HEADROOM_BF16 */
    int32_t dim;         /* of a head: 64 or 128 */
    uint32_t flags;      /* HEADROOM_INVARIANT, or 0 */
    int32_t threads;     /* on the CPU: the caller among them; 0: one a physical core */
    int32_t reserved;    /* 0 */
    const char *variant; /* a name of headroom_sparse_variant_name(); NULL: the preferred one */
};

struct headroom_sparse;

/* Take lists to the device and plan the work.  All of them are checked; they are not needed any
 * more on return.  On a GPU, memory is taken and filled on `stream`, which is waited for.
 *
 * HEADROOM_E_ARG names the head, the block row and what is wrong there, or that there is no
 * such GPU.  HEADROOM_E_NOTSUP: no GPU at all, or the variant has not what is asked for.
 * HEADROOM_E_NOMEM.  *out is NULL then. */
int headroom_sparse_open(struct headroom_sparse **out, const struct headroom_sparse_lists *lists,
                         const struct headroom_sparse_options *options, void *stream);

/* Attention over the lists.  q, o: [heads][q_len][dim]; k, v: [heads][kv_len][dim], of the dtype
 * opened with; lse: [heads][q_len] binary32, natural logarithm, or NULL; scale: finite and
 * above 0, usually 1 / sqrt(dim).  All 16-byte aligned; o and lse overlap nothing.
 *
 * On the CPU it is done on return, and `stream` must be NULL.  On a GPU the pointers are to its
 * memory and the work is enqueued on `stream` only: nothing is allocated or waited for, so that it
 * may be captured into a CUDA graph, and the pointers must stay until it is done.  A workspace
 * belongs to the handle: runs of one handle must follow each other, on one stream or by events.
 *
 * HEADROOM_E_ARG: a pointer is NULL, not aligned, or of host memory that the GPU cannot reach; the
 * scale. */
int headroom_sparse_run(struct headroom_sparse *s, const void *q, const void *k, const void *v,
                        void *o, float *lse, float scale, void *stream);

/* Which variant it is: "hopper".  Borrowed from s. */
const char *headroom_sparse_variant(const struct headroom_sparse *s);

/* Give everything back.  NULL is fine.  What runs on a GPU is to be waited for first. */
void headroom_sparse_close(struct headroom_sparse *s);

/* The variants for a device, i = 0, 1 ..., the preferred first; NULL behind the last (and where
 * there is no such device).  Static. */
const char *headroom_sparse_variant_name(int device, int i);

/* ---- cases: the lists and the values that headroom's own benchmark is measured with
 *
 * So that another program can be measured with the very same ones.  Everything follows from the
 * seed, the same on every machine. */

enum {
    HEADROOM_CASE_HEADS = 0,    /* heads of 4,096 positions, each with 200 random blocks */
    HEADROOM_CASE_DIAGONAL = 1, /* one head: the diagonal and 2.3 % more beside it */
    HEADROOM_CASE_PROTEIN = 2,  /* 8 heads: which atoms of a protein are near each other */
    HEADROOM_CASE_UNIFORM = 3   /* 8 heads: each block there with the same chance */
};

struct headroom_sparse_case_want {
    int32_t kind;       /* HEADROOM_CASE_* */
    int32_t blocks;     /* heads: of one query, a multiple of 200 */
    int32_t atoms;      /* the others: positions, 1 .. 2^24 */
    int32_t cutoff;     /* protein: in angstroms, 1 .. 100: atoms no further apart see each other */
    int32_t percent;    /* uniform: of the blocks are there, 1 .. 100 */
    int32_t queries;    /* 1 .. 65,536, each with heads of its own */
    int32_t masks;      /* 0: every score of a block; 1: protein: the near pairs, else by coins */
    int32_t dtype, dim; /* of the values, as in headroom_sparse_options; dtype 0: lists alone */
    int32_t reserved;   /* 0 */
    uint64_t seed;
    const char *structure; /* protein: a PDB or mmCIF file instead of made-up atoms; or NULL */
};

struct headroom_sparse_case;

/* HEADROOM_E_ARG, HEADROOM_E_NOTSUP (it does not fit into memory), HEADROOM_E_NOMEM, and of a
 * structure HEADROOM_E_IO, HEADROOM_E_FORMAT.  *out is NULL then. */
int headroom_sparse_case_make(struct headroom_sparse_case **out,
                              const struct headroom_sparse_case_want *want);

/* The lists, borrowed from c. */
void headroom_sparse_case_lists(const struct headroom_sparse_case *c,
                                struct headroom_sparse_lists *out);

/* Q, K and V in host memory, borrowed from c: normal values; all NULL where no dtype was wanted.
 * The benchmark's scale is 1 / sqrt(dim). */
void headroom_sparse_case_values(const struct headroom_sparse_case *c, const void **q,
                                 const void **k, const void **v);

void headroom_sparse_case_free(struct headroom_sparse_case *c); /* NULL is fine */

/* ---- products with ternary weights
 *
 *   y[t][r] = scale[r] * sum over c of w[r][c] * a[t][c],   w in -1, 0, 1
 *
 * where a is x[t], or with a norm x[t] / sqrt(mean(x[t]^2) + eps) * norm, rounded to 8-bit integers
 * with one scale a vector, absmax / 127, half to even, as BitNet b1.58 is trained.  The integers'
 * products and sums are exact: all variants, on CPUs and GPUs, give the same bits.  NaN or infinity
 * in x[t] makes all of y[t] NaN. */

enum {
    /* cols / 4 bytes a row: w[c] is ((byte[c / 4] >> 2 * (c % 4)) & 3) - 1; code 3 is refused. */
    HEADROOM_TERNARY_2BIT = 1,
    /* GGUF-like: 18 bytes for 64 weights, w[c] is ((byte[c % 16] >> 2 * (c / 16)) & 3) - 1, then a
     * scale as binary16, the same in all blocks of a row that are not all zeros. */
    HEADROOM_TERNARY_TQ2_64 = 2,
    /* A byte a weight: -1, 0, 1 as int8_t; everything else is refused. */
    HEADROOM_TERNARY_INT8 = 3
};

struct headroom_ternary_weights {
    int64_t rows, cols;  /* >= 1; cols a multiple of 64, 131,072 at most */
    int32_t encoding;    /* HEADROOM_TERNARY_* */
    float eps;           /* of the norm, >= 0 */
    const void *codes;   /* [rows][bytes of a row] */
    const float *scales; /* [rows], finite; NULL: 1 */
    const float *norm;   /* [cols]; NULL: no RMSNorm */
};

struct headroom_ternary_options {
    int32_t device;      /* HEADROOM_CPU, or a GPU */
    int32_t threads;     /* on the CPU: the caller among them; 0: one a physical core */
    uint32_t flags;      /* 0 */
    int32_t reserved;    /* 0 */
    const char *variant; /* a name of headroom_ternary_variant_name(); NULL: the preferred one */
};

struct headroom_ternary;

/* Take weights, in host memory, to the device; they are not needed any more on return.  As
 * headroom_sparse_open; a GPU takes up to 6,912 cols.  HEADROOM_E_FORMAT names the row of a code
 * that is none. */
int headroom_ternary_open(struct headroom_ternary **out, const struct headroom_ternary_weights *w,
                          const struct headroom_ternary_options *options, void *stream);

/* y[n][rows] from x[n][cols], binary32, n >= 0 vectors.  As headroom_sparse_run; on a GPU x and y
 * are 16-byte aligned.  A vector's bits do not depend on n. */
int headroom_ternary_run(struct headroom_ternary *t, const float *x, float *y, int64_t n,
                         void *stream);

const char *headroom_ternary_variant(const struct headroom_ternary *t);
void headroom_ternary_close(struct headroom_ternary *t);
const char *headroom_ternary_variant_name(int device, int i);

#ifdef __cplusplus
}
#endif

#endif
