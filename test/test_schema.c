/* test_schema.c - what we write follows docs/schema/result-v1.json, and the schema finds faults.
 *
 * The judge is Python's jsonschema through tools/validate-result, which also computes every
 * statistic again with Python's library. */
#include "fixture_record.h"

#include <sys/wait.h>
#include <unistd.h>

#include "store/run_json.h"

static char folder[] = "/tmp/headroom-schema-XXXXXX";

static const char *const wrong[][2] = {
    { "\"schema\": 1", "\"schema\": 2" },
    { "\"status\":\"partial\"", "\"status\":\"done\"" },
    { "\"start\":\"2026-", "\"start\":\"26-" },
    { "\"seed\":42", "\"seed\":-1" },
    { "\"seed\":42", "\"seed\":4.5" },
    { "\"seed\":42", "\"seed\":42,\"more\":1" },
    { "\"unavailable\":{", "\"unavailable\":{\"x\":1," },
    { "\"fingerprint\":\"", "\"fingerprint\":\"Z" },
    { "\"value\":201.5", "\"value\":null" },
    { "\"name\":\"silicon.memory\"", "\"name\":\"Silicon Memory\"" },
    { "\"unit\":\"GB/s\",\"direction\"", "\"unit\":\"\",\"direction\"" },
    { "\"direction\":\"higher\"", "\"direction\":\"up\"" },
    { "\"status\":\"ok\"", "\"status\":\"skipped\"" },
    { "\"status\":\"skipped\"", "\"status\":\"ok\"" },
    { "\"reason\":\"this CPU has no AMX\"", "\"reason\":null" },
    { "\"kind\":\"paper\"", "\"kind\":\"guess\"" },
    { "\"kind\":\"paper\"", "\"kind\":null" },
    { "\"kind\":\"paper\"", "\"kind\":\"paper\",\"more\":1" },
    { "\"binding\":true", "\"binding\":1" },
    { "\"verdict\":\"passed\"", "\"verdict\":true" },
    { "\"stop_reason\":\"converged\"", "\"stop_reason\":null" },
    { "\"samples_ns\":[", "\"samples_ns\":[null," },
    { "\"samples_ns\":[", "\"samples_ns\":[\"1\"," },
    { "\"samples_ns\":[", "\"samples_ns\":[-1," },
    { "\"median_ns\":", "\"median\":" },
    { "\"outliers\":{\"mild\":", "\"outliers\":{\"mild\":0.5,\"x\":" },
    { "\"notes\":[", "\"notes\":[\"\"," },
    { "\"unit\":\"bytes\"", "\"unit\":7" },
    { "\"unit\":\"bytes\"", "\"units\":\"bytes\"" },
    { "\"t_s\":[", "\"t_s\":[null," },
    { "\"fraction\":0.25", "\"fraction\":25" },
};

/* A file in our folder with the first `old` replaced (old NULL: as it is). */
static void write_file(const char *name, const char *text, const char *old, const char *new)
{
    char path[128];
    const char *at = old ? strstr(text, old) : NULL;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    if (!f)
        abort();
    if (old && !at)
        fprintf(stderr, "nowhere in the file: %s\n", old);
    CHECK(!old || at);
    if (at)
        fprintf(f, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    else
        fputs(text, f);
    fclose(f);
}

static int run(const char *options)
{
    char command[256];
    int status;

    snprintf(command, sizeof(command), "tools/validate-result %s", options);
    status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
    struct run_record r;
    char *text = NULL, command[256];
    size_t n;
    FILE *f = open_memstream(&text, &n);
    int rc;

    if (!mkdtemp(folder))
        abort();
    fixture_record(&r);
    CHECK_EQ(run_json_print(&r, f, NULL), 0);
    fclose(f);
    write_file("good.json", text, NULL, NULL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char name[32];

        snprintf(name, sizeof(name), "wrong%zu.json", i);
        write_file(name, text, wrong[i][0], wrong[i][1]);
    }
    /* The schema cannot see these; the statistics computed again can. */
    write_file("statistics.json", text, "\"mad_ns\":", "\"mad_ns\":123.5,\"mad_ns\":1");
    snprintf(command, sizeof(command), "%s/good.json", folder);
    rc = run(command);
    if (rc != 77) {
        CHECK_EQ(rc, 0);
        snprintf(command, sizeof(command), "--wrong %s/wrong*.json", folder);
        CHECK_EQ(run(command), 0);
        snprintf(command, sizeof(command), "--wrong %s/good.json >/dev/null", folder);
        CHECK_EQ(run(command), 1);
        snprintf(command, sizeof(command), "%s/statistics.json >/dev/null", folder);
        CHECK_EQ(run(command), 1);
    }
    snprintf(command, sizeof(command), "rm -r %s", folder);
    CHECK_EQ(system(command), 0);
    free(text);
    run_record_release(&r);
    if (rc == 77)
        return 77;
    TEST_DONE();
}
