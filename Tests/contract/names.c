/* The version and its number, and the name of every status. */
#include "check.h"

#define NAMED(status) {status, #status}

int main(void) {
    static const struct {
        mid_status status;
        const char *name;
    } statuses[] = {
        NAMED(MID_OK),
        NAMED(MID_REFUSED),
        NAMED(MID_INVALID_ARGUMENT),
        NAMED(MID_INVALID_OPTIONS),
        NAMED(MID_NO_ORG_KEY),
        NAMED(MID_RESOLVE_FAILED),
        NAMED(MID_CONNECT_FAILED),
        NAMED(MID_TLS_FAILED),
        NAMED(MID_TRANSFER_FAILED),
        NAMED(MID_TIMEOUT),
        NAMED(MID_UNAVAILABLE),
        NAMED(MID_BAD_REPLY),
        NAMED(MID_CANCELLED),
        NAMED(MID_OUT_OF_MEMORY),
        NAMED(MID_INTERNAL),
        {-1, "MID_UNKNOWN_STATUS"},
        {2, "MID_UNKNOWN_STATUS"},
        {99, "MID_UNKNOWN_STATUS"},
        {INT32_MAX, "MID_UNKNOWN_STATUS"},
        {INT32_MIN, "MID_UNKNOWN_STATUS"},
    };
    CHECK(strcmp(mid_version(), MID_VERSION) == 0);
    CHECK(mid_version() == mid_version());
    CHECK(mid_version_number() == MID_VERSION_NUMBER);
    int major = 0, minor = 0, patch = 0;
    CHECK(sscanf(mid_version(), "%d.%d.%d", &major, &minor, &patch) == 3);
    CHECK(mid_version_number() == major * 10000 + minor * 100 + patch);
    for (size_t n = 0; n < sizeof statuses / sizeof *statuses; n++) {
        const char *name = mid_status_name(statuses[n].status);
        check_about = statuses[n].name;
        CHECK(strcmp(name, statuses[n].name) == 0);
        CHECK(mid_status_name(statuses[n].status) == name);
    }
    return check_done();
}
