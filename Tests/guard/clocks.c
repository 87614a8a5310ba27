/*
 * The wall clock is stepped, and the machine is suspended: the first changes nothing, the second ages an allow. Needs
 * clocks_preload.so preloaded, with CLOCKS_FILE.
 */
#include "authority.h"
#include "clocks.h"

#include <fcntl.h>

static long long seconds(int count) { return count * 1000000000LL; }

int main(void) {
    int file = open(check_environment("CLOCKS_FILE"), O_RDWR | O_CLOEXEC);
    struct moved *moved = mmap(NULL, sizeof *moved, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, "");
    struct sampler sampler;
    mid_guard *guard;
    check_need(file >= 0 && moved != MAP_FAILED, "CLOCKS_FILE");

    /* There is one allow, and it does not grow old by itself during the test. */
    guard = guard_start(client, "{\"interval_ms\":3600000,\"max_age_ms\":7200000}");
    atomic_store(&authority->mood, IS_SILENT);
    sampler_start(&sampler, authority, guard, 7200000);
    for (int n = 0; n < 50; n++) {
        atomic_fetch_add(&moved->stepped, n % 2 == 0 ? seconds(86400 * 365) : -seconds(86400 * 365) - seconds(n));
        pause_ms(2);
        CHECK(mid_guard_allowed(guard) == 1);
    }
    CHECK(atomic_load(&sampler.zeros) == 0);

    /* An hour and three quarters of sleep, in pieces too small to be seen at once, and then the rest. */
    for (int n = 0; n < 6300; n++) atomic_fetch_add(&moved->slept, seconds(1));
    CHECK(mid_guard_allowed(guard) == 1);
    atomic_fetch_add(&moved->slept, seconds(901));
    CHECK(mid_guard_allowed(guard) == 0);
    /* A wall clock set back does not bring it back. */
    atomic_fetch_add(&moved->stepped, -seconds(7201));
    CHECK(mid_guard_allowed(guard) == 0);
    CHECK_STATUS(MID_OK, mid_guard_wait(guard, -1));

    sampler_stop(&sampler, "clocks");
    mid_guard_stop(guard);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
