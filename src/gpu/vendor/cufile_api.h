/* cufile_api.h - the functions of cuFile (GPUDirect Storage) that are used, so that its header is
 * not needed to build.  test_vendor holds them against the vendor's header where that can be had.
 *
 * Without the kernel's nvidia-fs module cuFile copies through host memory (its compatibility mode);
 * whoever names a result GPUDirect asks for the properties first. */
#ifndef GPU_VENDOR_CUFILE_API_H
#define GPU_VENDOR_CUFILE_API_H

#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/library.h"

#ifdef __cplusplus
extern "C" {
#endif

/* CUfileOpError */
enum {
    CUFILE_OK = 0,
    CUFILE_DRIVER_NOT_INITIALIZED = 5001,
    CUFILE_PLATFORM_NOT_SUPPORTED = 5007,
    CUFILE_IO_NOT_SUPPORTED = 5008,
    CUFILE_CUDA_DRIVER_ERROR = 5011
};

enum { CUFILE_HANDLE_FD = 1 }; /* CUfileFileHandleType */

/* Bits of cufile_properties_data.control_flags */
enum { CUFILE_ALLOW_COMPAT_MODE_BIT = 1 };

/* CUfileError_t */
struct cufile_error_data {
    unsigned err;      /* CUFILE_OK or more than 5000 */
    unsigned cuda_err; /* where err is CUFILE_CUDA_DRIVER_ERROR */
};

/* CUfileDescr_t */
struct cufile_file_data {
    unsigned type; /* CUFILE_HANDLE_FD */
    union {
        int fd; /* opened with O_DIRECT */
        void *handle;
    } handle;
    const void *fs_ops; /* NULL */
};

/* CUfileDrvProps_t */
struct cufile_properties_data {
    struct {
        unsigned major_version, minor_version; /* of nvidia-fs; 0: it is not loaded */
        size_t poll_threshold_bytes, direct_io_max_kib;
        unsigned status_flags, control_flags;
    } nvfs;
    unsigned feature_flags;
    unsigned cache_max_kib, buffer_cache_kib, pinned_max_kib, batch_io_max, batch_io_timeout_ms;
};

#ifndef CUFILE_API_TYPES /* the test puts the vendor's own types in their place */
#define CUFILE_API_TYPES
typedef struct cufile_error_data cufile_error;
typedef struct cufile_file_data cufile_file;
typedef struct cufile_properties_data cufile_properties;
#endif

struct cufile {
    struct library dl;
    cufile_error (*driver_open)(void);
    cufile_error (*driver_close)(void);
    cufile_error (*driver_properties)(cufile_properties *properties);
    cufile_error (*handle_register)(void **handle, cufile_file *file);
    void (*handle_deregister)(void *handle);
    cufile_error (*buffer_register)(const void *device, size_t bytes, int flags);
    cufile_error (*buffer_deregister)(const void *device);
    /* Bytes read; -1 with errno, or minus a CUfileOpError. */
    ssize_t (*read)(void *handle, void *device, size_t bytes, off_t file_offset,
                    off_t device_offset);
};

/* F(member of struct cufile, the vendor's name) */
#define CUFILE_FUNCTIONS(F)                         \
    F(driver_open, cuFileDriverOpen)                \
    F(driver_close, cuFileDriverClose_v2)           \
    F(driver_properties, cuFileDriverGetProperties) \
    F(handle_register, cuFileHandleRegister)        \
    F(handle_deregister, cuFileHandleDeregister)    \
    F(buffer_register, cuFileBufRegister)           \
    F(buffer_deregister, cuFileBufDeregister)       \
    F(read, cuFileRead)

/* Opened and its functions taken; library_close() ends it.  ERR_NOTSUP with the reason where there
 * is none. */
int cufile_api_open(struct cufile *out, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
