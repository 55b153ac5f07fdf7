/* nccl_api.h - the functions and enums of NCCL that are used, so that its header is not needed to
 * build.  test_vendor holds them against the vendor's header where that can be had.
 *
 * Names and argument order are NCCL's; enums are passed as the unsigned integers that they are.
 * Counts are elements.  Calls enqueue on the stream; the buffers are of device memory. */
#ifndef GPU_VENDOR_NCCL_API_H
#define GPU_VENDOR_NCCL_API_H

#include <stddef.h>

#include "core/err.h"
#include "core/library.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NCCL_OK = 0, NCCL_IN_PROGRESS = 7 }; /* ncclResult_t */
enum { NCCL_SUM = 0, NCCL_PROD = 1, NCCL_MAX = 2, NCCL_MIN = 3, NCCL_AVG = 4 };

/* ncclDataType_t */
enum {
    NCCL_INT8 = 0,
    NCCL_UINT8 = 1,
    NCCL_INT32 = 2,
    NCCL_UINT32 = 3,
    NCCL_INT64 = 4,
    NCCL_UINT64 = 5,
    NCCL_FLOAT16 = 6,
    NCCL_FLOAT32 = 7,
    NCCL_FLOAT64 = 8,
    NCCL_BFLOAT16 = 9
};

/* ncclUniqueId */
struct nccl_id_data {
    char internal[128];
};

#ifndef NCCL_API_TYPES /* the test puts the vendor's own types in their place */
#define NCCL_API_TYPES
typedef struct ncclComm *nccl_comm;
typedef struct nccl_id_data nccl_id;
#endif

struct CUstream_st; /* *: gpu_stream, cudaStream_t */

struct nccl {
    struct library dl;
    int version; /* 22304 for 2.23.4 */
    unsigned (*get_version)(int *version);
    unsigned (*get_unique_id)(nccl_id *id);
    unsigned (*comm_init_all)(nccl_comm *comms, int n, const int *devices);
    unsigned (*comm_init_rank)(nccl_comm *comm, int ranks, nccl_id id, int rank);
    unsigned (*comm_destroy)(nccl_comm comm);
    unsigned (*comm_abort)(nccl_comm comm);
    unsigned (*comm_async_error)(nccl_comm comm, unsigned *result);
    const char *(*error_string)(unsigned result);
    const char *(*last_error)(nccl_comm comm); /* NULL before 2.13 */
    unsigned (*all_reduce)(const void *from, void *to, size_t n, unsigned type, unsigned op,
                           nccl_comm comm, struct CUstream_st *stream);
    unsigned (*all_gather)(const void *from, void *to, size_t n_sent, unsigned type, nccl_comm comm,
                           struct CUstream_st *stream);
    unsigned (*reduce_scatter)(const void *from, void *to, size_t n_received, unsigned type,
                               unsigned op, nccl_comm comm, struct CUstream_st *stream);
    unsigned (*broadcast)(const void *from, void *to, size_t n, unsigned type, int root,
                          nccl_comm comm, struct CUstream_st *stream);
    unsigned (*send)(const void *from, size_t n, unsigned type, int peer, nccl_comm comm,
                     struct CUstream_st *stream);
    unsigned (*recv)(void *to, size_t n, unsigned type, int peer, nccl_comm comm,
                     struct CUstream_st *stream);
    unsigned (*group_start)(void);
    unsigned (*group_end)(void);
};

/* F(member of struct nccl, the vendor's name, optional) */
#define NCCL_FUNCTIONS(F)                             \
    F(get_version, ncclGetVersion, false)             \
    F(get_unique_id, ncclGetUniqueId, false)          \
    F(comm_init_all, ncclCommInitAll, false)          \
    F(comm_init_rank, ncclCommInitRank, false)        \
    F(comm_destroy, ncclCommDestroy, false)           \
    F(comm_abort, ncclCommAbort, false)               \
    F(comm_async_error, ncclCommGetAsyncError, false) \
    F(error_string, ncclGetErrorString, false)        \
    F(last_error, ncclGetLastError, true)             \
    F(all_reduce, ncclAllReduce, false)               \
    F(all_gather, ncclAllGather, false)               \
    F(reduce_scatter, ncclReduceScatter, false)       \
    F(broadcast, ncclBroadcast, false)                \
    F(send, ncclSend, false)                          \
    F(recv, ncclRecv, false)                          \
    F(group_start, ncclGroupStart, false)             \
    F(group_end, ncclGroupEnd, false)

/* Version 2.10 or newer, opened and its functions taken; library_close() ends it.  ERR_NOTSUP with
 * the reason where there is none. */
int nccl_api_open(struct nccl *out, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
