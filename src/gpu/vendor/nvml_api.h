/* nvml_api.h - the functions and enums of NVML that are used, so that its header is not needed to
 * build.  test_vendor holds them against the vendor's header where that can be had.
 *
 * Names and argument order are NVML's; enums are passed as the unsigned integers that they are.
 * The library comes with the driver.  Functions but the first three are optional: an old driver
 * lacks some, and what they would tell is then null with that reason.  Thread-safe. */
#ifndef GPU_VENDOR_NVML_API_H
#define GPU_VENDOR_NVML_API_H

#include <stddef.h>

#include "core/err.h"
#include "core/library.h"

#ifdef __cplusplus
extern "C" {
#endif

/* nvmlReturn_t */
enum {
    NVML_OK = 0,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_INSUFFICIENT_SIZE = 7,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_TIMEOUT = 10,
    NVML_FUNCTION_NOT_FOUND = 13,
    NVML_GPU_IS_LOST = 15
};

enum { NVML_SENSOR_GPU = 0 };                              /* nvmlTemperatureSensors_t */
enum { NVML_DOMAIN_SM = 1, NVML_DOMAIN_MEMORY = 2 };       /* nvmlClockType_t */
enum { NVML_PCIE_TX = 0, NVML_PCIE_RX = 1 };               /* nvmlPcieUtilCounter_t */
enum { NVML_ECC_CORRECTED = 0, NVML_ECC_UNCORRECTED = 1 }; /* nvmlMemoryErrorType_t */
enum { NVML_SINCE_DRIVER = 0, NVML_SINCE_MADE = 1 };       /* nvmlEccCounterType_t */
enum { NVML_DISABLED = 0, NVML_ENABLED = 1 };              /* nvmlEnableState_t */

/* nvmlClocksEventReasons, a mask */
enum {
    NVML_EVENT_IDLE = 0x1,
    NVML_EVENT_APPLICATION_CLOCKS = 0x2,
    NVML_EVENT_SW_POWER_CAP = 0x4,
    NVML_EVENT_HW_SLOWDOWN = 0x8,
    NVML_EVENT_SYNC_BOOST = 0x10,
    NVML_EVENT_SW_THERMAL = 0x20,
    NVML_EVENT_HW_THERMAL = 0x40,
    NVML_EVENT_HW_POWER_BRAKE = 0x80,
    NVML_EVENT_DISPLAY_CLOCK = 0x100
};

/* NVML_FI_DEV_*: power in mW, energy in mJ, durations in ns, PCIe counters in bytes */
enum {
    NVML_FIELD_POLICY_POWER = 74,
    NVML_FIELD_POLICY_THERMAL = 75,
    NVML_FIELD_POLICY_SYNC_BOOST = 76,
    NVML_FIELD_POLICY_BOARD_LIMIT = 77,
    NVML_FIELD_POLICY_RELIABILITY = 79,
    NVML_FIELD_MEMORY_TEMPERATURE = 82,
    NVML_FIELD_ENERGY = 83,
    NVML_FIELD_NVLINK_SPEED_COMMON = 90, /* MB/s of one active link, one way; before Hopper */
    NVML_FIELD_NVLINK_COUNT = 91,
    NVML_FIELD_NVLINK_SPEED = 164, /* MB/s of the link that is the scope, one way */
    NVML_FIELD_POWER_AVERAGE = 185,
    NVML_FIELD_POWER_INSTANT = 186,
    NVML_FIELD_PCIE_TX_BYTES = 197,
    NVML_FIELD_PCIE_RX_BYTES = 198,
    NVML_FIELD_EVENT_SW_THERMAL = 269,
    NVML_FIELD_EVENT_HW_THERMAL = 270,
    NVML_FIELD_EVENT_HW_POWER_BRAKE = 271
};

/* nvmlValueType_t */
enum {
    NVML_VALUE_DOUBLE = 0,
    NVML_VALUE_UINT = 1,
    NVML_VALUE_ULONG = 2,
    NVML_VALUE_ULLONG = 3,
    NVML_VALUE_SLLONG = 4,
    NVML_VALUE_SINT = 5,
    NVML_VALUE_USHORT = 6
};

enum { NVML_WATCH_XID = 8 }; /* nvmlEventType* */

/* nvmlFieldValue_t */
struct nvml_field_data {
    unsigned field, scope;
    long long timestamp_us, latency_us;
    unsigned value_type, status;
    union {
        double d;
        int i;
        unsigned u;
        unsigned long ul;
        unsigned long long ull;
        long long ll;
        unsigned short us;
    } value;
};

/* nvmlUtilization_t, in % of the driver's last period (1/6 s to 1 s) */
struct nvml_utilisation_data {
    unsigned gpu, memory;
};

/* nvmlMemory_t */
struct nvml_memory_data {
    unsigned long long total, free, used;
};

/* nvmlProcessInfo_t, the second version and the third function alike */
struct nvml_process_data {
    unsigned pid;
    unsigned long long used_bytes;
    unsigned gpu_instance, compute_instance;
};

/* nvmlEventData_t; data is the XID */
struct nvml_event_data {
    struct nvml_device_opaque *device;
    unsigned long long type, data;
    unsigned gpu_instance, compute_instance;
};

#ifndef NVML_API_TYPES /* the test puts the vendor's own types in their place */
#define NVML_API_TYPES
typedef struct nvml_device_opaque *nvml_device;
typedef struct nvml_event_set_opaque *nvml_event_set;
typedef struct nvml_field_data nvml_field;
typedef struct nvml_utilisation_data nvml_utilisation;
typedef struct nvml_memory_data nvml_memory;
typedef struct nvml_process_data nvml_process;
typedef struct nvml_event_data nvml_event;
#endif

struct nvml {
    struct library dl;
    unsigned (*init)(void);
    unsigned (*shutdown)(void);
    const char *(*error_string)(unsigned status);
    unsigned (*driver_version)(char *version, unsigned length);
    unsigned (*count)(unsigned *n);
    unsigned (*by_index)(unsigned index, nvml_device *device);
    unsigned (*by_uuid)(const char *uuid, nvml_device *device);
    unsigned (*by_pci_id)(const char *pci_id, nvml_device *device);
    unsigned (*uuid)(nvml_device device, char *uuid, unsigned length);
    unsigned (*vbios_version)(nvml_device device, char *version, unsigned length);
    unsigned (*fields)(nvml_device device, int n, nvml_field *values);
    unsigned (*power_mw)(nvml_device device, unsigned *mw);
    unsigned (*energy_mj)(nvml_device device, unsigned long long *mj);
    unsigned (*power_limit_mw)(nvml_device device, unsigned *mw);
    unsigned (*power_limit_default_mw)(nvml_device device, unsigned *mw);
    unsigned (*power_limit_range_mw)(nvml_device device, unsigned *least_mw, unsigned *most_mw);
    unsigned (*temperature)(nvml_device device, unsigned sensor, unsigned *celsius);
    unsigned (*clock_mhz)(nvml_device device, unsigned domain, unsigned *mhz);
    unsigned (*clock_max_mhz)(nvml_device device, unsigned domain, unsigned *mhz);
    unsigned (*utilisation)(nvml_device device, nvml_utilisation *out);
    unsigned (*memory)(nvml_device device, nvml_memory *out);
    unsigned (*pcie_generation)(nvml_device device, unsigned *generation);
    unsigned (*pcie_width)(nvml_device device, unsigned *lanes);
    unsigned (*pcie_generation_max)(nvml_device device, unsigned *generation); /* with the host */
    unsigned (*pcie_generation_card)(nvml_device device, unsigned *generation);
    unsigned (*pcie_width_max)(nvml_device device, unsigned *lanes);
    unsigned (*pcie_throughput)(nvml_device device, unsigned counter, unsigned *kib_s); /* 20 ms */
    unsigned (*clock_events)(nvml_device device, unsigned long long *mask);
    unsigned (*throttle_reasons)(nvml_device device, unsigned long long *mask); /* its old name */
    unsigned (*ecc_errors)(nvml_device device, unsigned type, unsigned since,
                           unsigned long long *n);
    unsigned (*ecc_mode)(nvml_device device, unsigned *now, unsigned *pending);
    unsigned (*retired_pending)(nvml_device device, unsigned *pending);
    unsigned (*remapped_rows)(nvml_device device, unsigned *corrected, unsigned *uncorrected,
                              unsigned *pending, unsigned *failed);
    unsigned (*persistence)(nvml_device device, unsigned *mode);
    unsigned (*compute_mode)(nvml_device device, unsigned *mode);
    unsigned (*mig_mode)(nvml_device device, unsigned *now, unsigned *pending);
    unsigned (*processes)(nvml_device device, unsigned *n, nvml_process *out);
    unsigned (*events_create)(nvml_event_set *set);
    unsigned (*events_register)(nvml_device device, unsigned long long types, nvml_event_set set);
    unsigned (*events_wait)(nvml_event_set set, nvml_event *out, unsigned timeout_ms);
    unsigned (*events_free)(nvml_event_set set);
};

/* F(member of struct nvml, the vendor's name, optional) */
#define NVML_FUNCTIONS(F)                                                       \
    F(init, nvmlInit_v2, false)                                                 \
    F(shutdown, nvmlShutdown, false)                                            \
    F(error_string, nvmlErrorString, false)                                     \
    F(driver_version, nvmlSystemGetDriverVersion, true)                         \
    F(count, nvmlDeviceGetCount_v2, true)                                       \
    F(by_index, nvmlDeviceGetHandleByIndex_v2, true)                            \
    F(by_uuid, nvmlDeviceGetHandleByUUID, true)                                 \
    F(by_pci_id, nvmlDeviceGetHandleByPciBusId_v2, true)                        \
    F(uuid, nvmlDeviceGetUUID, true)                                            \
    F(vbios_version, nvmlDeviceGetVbiosVersion, true)                           \
    F(fields, nvmlDeviceGetFieldValues, true)                                   \
    F(power_mw, nvmlDeviceGetPowerUsage, true)                                  \
    F(energy_mj, nvmlDeviceGetTotalEnergyConsumption, true)                     \
    F(power_limit_mw, nvmlDeviceGetPowerManagementLimit, true)                  \
    F(power_limit_default_mw, nvmlDeviceGetPowerManagementDefaultLimit, true)   \
    F(power_limit_range_mw, nvmlDeviceGetPowerManagementLimitConstraints, true) \
    F(temperature, nvmlDeviceGetTemperature, true)                              \
    F(clock_mhz, nvmlDeviceGetClockInfo, true)                                  \
    F(clock_max_mhz, nvmlDeviceGetMaxClockInfo, true)                           \
    F(utilisation, nvmlDeviceGetUtilizationRates, true)                         \
    F(memory, nvmlDeviceGetMemoryInfo, true)                                    \
    F(pcie_generation, nvmlDeviceGetCurrPcieLinkGeneration, true)               \
    F(pcie_width, nvmlDeviceGetCurrPcieLinkWidth, true)                         \
    F(pcie_generation_max, nvmlDeviceGetMaxPcieLinkGeneration, true)            \
    F(pcie_generation_card, nvmlDeviceGetGpuMaxPcieLinkGeneration, true)        \
    F(pcie_width_max, nvmlDeviceGetMaxPcieLinkWidth, true)                      \
    F(pcie_throughput, nvmlDeviceGetPcieThroughput, true)                       \
    F(clock_events, nvmlDeviceGetCurrentClocksEventReasons, true)               \
    F(throttle_reasons, nvmlDeviceGetCurrentClocksThrottleReasons, true)        \
    F(ecc_errors, nvmlDeviceGetTotalEccErrors, true)                            \
    F(ecc_mode, nvmlDeviceGetEccMode, true)                                     \
    F(retired_pending, nvmlDeviceGetRetiredPagesPendingStatus, true)            \
    F(remapped_rows, nvmlDeviceGetRemappedRows, true)                           \
    F(persistence, nvmlDeviceGetPersistenceMode, true)                          \
    F(compute_mode, nvmlDeviceGetComputeMode, true)                             \
    F(mig_mode, nvmlDeviceGetMigMode, true)                                     \
    F(processes, nvmlDeviceGetComputeRunningProcesses_v3, true)                 \
    F(events_create, nvmlEventSetCreate, true)                                  \
    F(events_register, nvmlDeviceRegisterEvents, true)                          \
    F(events_wait, nvmlEventSetWait_v2, true)                                   \
    F(events_free, nvmlEventSetFree, true)

/* Opened, its functions taken, and initialised; nvml_api_close() ends it.  ERR_NOTSUP with the
 * reason where the library is not there or does not start ("Driver Not Loaded").  Takes some
 * milliseconds, where the driver is not kept loaded a second or two. */
int nvml_api_open(struct nvml *out, struct err *e);

/* Accepts a zeroed struct. */
void nvml_api_close(struct nvml *n);

#ifdef __cplusplus
}
#endif

#endif
