/* test_vendor_nvml.c - our declarations of NVML against its own header (tools/vendor-headers gets
 * it), as test_vendor.c does for the other libraries. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#if __has_include(<nvml.h>)
#include <nvml.h>
#define HAVE_NVML_H 1
#define NVML_API_TYPES
typedef nvmlDevice_t nvml_device;
typedef nvmlEventSet_t nvml_event_set;
typedef nvmlEventData_t nvml_event;
typedef nvmlFieldValue_t nvml_field;
typedef nvmlUtilization_t nvml_utilisation;
typedef nvmlMemory_t nvml_memory;
typedef nvmlProcessInfo_t nvml_process;
#endif

#include "core/library.h"
#include "gpu/vendor/nvml_api.h"
#include "test.h"

#define SAME_VALUE(ours, theirs) _Static_assert((long)(ours) == (long)(theirs), #theirs)
#define SAME_FIELD(ours, our_field, theirs, their_field)                                     \
    _Static_assert(offsetof(ours, our_field) == offsetof(theirs, their_field) &&             \
                       sizeof(((ours *)0)->our_field) == sizeof(((theirs *)0)->their_field), \
                   #their_field)

#ifdef HAVE_NVML_H
#define F(member, symbol, may_lack)                                                                \
    _Static_assert(                                                                                \
        __builtin_types_compatible_p(__typeof__(*((struct nvml *)0)->member), __typeof__(symbol)), \
        #symbol);
static __attribute__((unused)) void check_functions(void)
{
    NVML_FUNCTIONS(F)
}
#undef F
_Static_assert(sizeof(struct nvml_field_data) == sizeof(nvmlFieldValue_t), "nvmlFieldValue_t");
SAME_FIELD(struct nvml_field_data, field, nvmlFieldValue_t, fieldId);
SAME_FIELD(struct nvml_field_data, scope, nvmlFieldValue_t, scopeId);
SAME_FIELD(struct nvml_field_data, timestamp_us, nvmlFieldValue_t, timestamp);
SAME_FIELD(struct nvml_field_data, latency_us, nvmlFieldValue_t, latencyUsec);
SAME_FIELD(struct nvml_field_data, value_type, nvmlFieldValue_t, valueType);
SAME_FIELD(struct nvml_field_data, status, nvmlFieldValue_t, nvmlReturn);
SAME_FIELD(struct nvml_field_data, value, nvmlFieldValue_t, value);
_Static_assert(sizeof(struct nvml_utilisation_data) == sizeof(nvmlUtilization_t), "");
SAME_FIELD(struct nvml_utilisation_data, gpu, nvmlUtilization_t, gpu);
SAME_FIELD(struct nvml_utilisation_data, memory, nvmlUtilization_t, memory);
_Static_assert(sizeof(struct nvml_memory_data) == sizeof(nvmlMemory_t), "nvmlMemory_t");
SAME_FIELD(struct nvml_memory_data, total, nvmlMemory_t, total);
SAME_FIELD(struct nvml_memory_data, free, nvmlMemory_t, free);
SAME_FIELD(struct nvml_memory_data, used, nvmlMemory_t, used);
_Static_assert(sizeof(struct nvml_process_data) == sizeof(nvmlProcessInfo_t), "");
SAME_FIELD(struct nvml_process_data, pid, nvmlProcessInfo_t, pid);
SAME_FIELD(struct nvml_process_data, used_bytes, nvmlProcessInfo_t, usedGpuMemory);
SAME_FIELD(struct nvml_process_data, gpu_instance, nvmlProcessInfo_t, gpuInstanceId);
_Static_assert(sizeof(struct nvml_event_data) == sizeof(nvmlEventData_t), "nvmlEventData_t");
SAME_FIELD(struct nvml_event_data, device, nvmlEventData_t, device);
SAME_FIELD(struct nvml_event_data, type, nvmlEventData_t, eventType);
SAME_FIELD(struct nvml_event_data, data, nvmlEventData_t, eventData);
SAME_FIELD(struct nvml_event_data, gpu_instance, nvmlEventData_t, gpuInstanceId);
SAME_VALUE(NVML_OK, NVML_SUCCESS);
SAME_VALUE(NVML_NOT_SUPPORTED, NVML_ERROR_NOT_SUPPORTED);
SAME_VALUE(NVML_NO_PERMISSION, NVML_ERROR_NO_PERMISSION);
SAME_VALUE(NVML_NOT_FOUND, NVML_ERROR_NOT_FOUND);
SAME_VALUE(NVML_INSUFFICIENT_SIZE, NVML_ERROR_INSUFFICIENT_SIZE);
SAME_VALUE(NVML_DRIVER_NOT_LOADED, NVML_ERROR_DRIVER_NOT_LOADED);
SAME_VALUE(NVML_TIMEOUT, NVML_ERROR_TIMEOUT);
SAME_VALUE(NVML_FUNCTION_NOT_FOUND, NVML_ERROR_FUNCTION_NOT_FOUND);
SAME_VALUE(NVML_GPU_IS_LOST, NVML_ERROR_GPU_IS_LOST);
SAME_VALUE(NVML_SENSOR_GPU, NVML_TEMPERATURE_GPU);
SAME_VALUE(NVML_DOMAIN_SM, NVML_CLOCK_SM);
SAME_VALUE(NVML_DOMAIN_MEMORY, NVML_CLOCK_MEM);
SAME_VALUE(NVML_PCIE_TX, NVML_PCIE_UTIL_TX_BYTES);
SAME_VALUE(NVML_PCIE_RX, NVML_PCIE_UTIL_RX_BYTES);
SAME_VALUE(NVML_ECC_CORRECTED, NVML_MEMORY_ERROR_TYPE_CORRECTED);
SAME_VALUE(NVML_ECC_UNCORRECTED, NVML_MEMORY_ERROR_TYPE_UNCORRECTED);
SAME_VALUE(NVML_SINCE_DRIVER, NVML_VOLATILE_ECC);
SAME_VALUE(NVML_SINCE_MADE, NVML_AGGREGATE_ECC);
SAME_VALUE(NVML_DISABLED, NVML_FEATURE_DISABLED);
SAME_VALUE(NVML_ENABLED, NVML_FEATURE_ENABLED);
SAME_VALUE(NVML_EVENT_IDLE, nvmlClocksEventReasonGpuIdle);
SAME_VALUE(NVML_EVENT_APPLICATION_CLOCKS, nvmlClocksEventReasonApplicationsClocksSetting);
SAME_VALUE(NVML_EVENT_SW_POWER_CAP, nvmlClocksEventReasonSwPowerCap);
SAME_VALUE(NVML_EVENT_HW_SLOWDOWN, nvmlClocksThrottleReasonHwSlowdown);
SAME_VALUE(NVML_EVENT_SYNC_BOOST, nvmlClocksEventReasonSyncBoost);
SAME_VALUE(NVML_EVENT_SW_THERMAL, nvmlClocksEventReasonSwThermalSlowdown);
SAME_VALUE(NVML_EVENT_HW_THERMAL, nvmlClocksThrottleReasonHwThermalSlowdown);
SAME_VALUE(NVML_EVENT_HW_POWER_BRAKE, nvmlClocksThrottleReasonHwPowerBrakeSlowdown);
SAME_VALUE(NVML_EVENT_DISPLAY_CLOCK, nvmlClocksEventReasonDisplayClockSetting);
SAME_VALUE(NVML_FIELD_POLICY_POWER, NVML_FI_DEV_PERF_POLICY_POWER);
SAME_VALUE(NVML_FIELD_POLICY_THERMAL, NVML_FI_DEV_PERF_POLICY_THERMAL);
SAME_VALUE(NVML_FIELD_POLICY_SYNC_BOOST, NVML_FI_DEV_PERF_POLICY_SYNC_BOOST);
SAME_VALUE(NVML_FIELD_POLICY_BOARD_LIMIT, NVML_FI_DEV_PERF_POLICY_BOARD_LIMIT);
SAME_VALUE(NVML_FIELD_POLICY_RELIABILITY, NVML_FI_DEV_PERF_POLICY_RELIABILITY);
SAME_VALUE(NVML_FIELD_MEMORY_TEMPERATURE, NVML_FI_DEV_MEMORY_TEMP);
SAME_VALUE(NVML_FIELD_ENERGY, NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION);
SAME_VALUE(NVML_FIELD_NVLINK_SPEED_COMMON, NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON);
SAME_VALUE(NVML_FIELD_NVLINK_SPEED, NVML_FI_DEV_NVLINK_GET_SPEED);
SAME_VALUE(NVML_FIELD_NVLINK_COUNT, NVML_FI_DEV_NVLINK_LINK_COUNT);
SAME_VALUE(NVML_FIELD_POWER_AVERAGE, NVML_FI_DEV_POWER_AVERAGE);
SAME_VALUE(NVML_FIELD_POWER_INSTANT, NVML_FI_DEV_POWER_INSTANT);
SAME_VALUE(NVML_FIELD_PCIE_TX_BYTES, NVML_FI_DEV_PCIE_COUNT_TX_BYTES);
SAME_VALUE(NVML_FIELD_PCIE_RX_BYTES, NVML_FI_DEV_PCIE_COUNT_RX_BYTES);
SAME_VALUE(NVML_FIELD_EVENT_SW_THERMAL, NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN);
SAME_VALUE(NVML_FIELD_EVENT_HW_THERMAL, NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN);
SAME_VALUE(NVML_FIELD_EVENT_HW_POWER_BRAKE,
           NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN);
SAME_VALUE(NVML_VALUE_DOUBLE, NVML_VALUE_TYPE_DOUBLE);
SAME_VALUE(NVML_VALUE_UINT, NVML_VALUE_TYPE_UNSIGNED_INT);
SAME_VALUE(NVML_VALUE_ULONG, NVML_VALUE_TYPE_UNSIGNED_LONG);
SAME_VALUE(NVML_VALUE_ULLONG, NVML_VALUE_TYPE_UNSIGNED_LONG_LONG);
SAME_VALUE(NVML_VALUE_SLLONG, NVML_VALUE_TYPE_SIGNED_LONG_LONG);
SAME_VALUE(NVML_VALUE_SINT, NVML_VALUE_TYPE_SIGNED_INT);
SAME_VALUE(NVML_VALUE_USHORT, NVML_VALUE_TYPE_UNSIGNED_SHORT);
SAME_VALUE(NVML_WATCH_XID, nvmlEventTypeXidCriticalError);
#endif

/* Where a driver is, its library opens; elsewhere it says so. */
int main(void)
{
    static struct nvml nvml;
    struct err e = { 0 };
    int rc;

    library_places_set(&(struct library_places){ .search_path = getenv("HEADROOM_LIBRARY_PATH") });
    rc = nvml_api_open(&nvml, &e);
    printf("NVML: %s\n", rc == 0 ? nvml.dl.path : e.msg);
    CHECK(rc == 0 || (rc == ERR_NOTSUP && e.msg[0]));
    nvml_api_close(&nvml);
    nvml_api_close(&nvml);
#if !defined(HAVE_NVML_H)
    if (test_failures == 0)
        TEST_SKIP("NVML's header is not here: tools/vendor-headers gets it");
#endif
    TEST_DONE();
}
