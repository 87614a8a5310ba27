/*
 * Makes calls of every kind that does not change the fleet, and compares memory and descriptors after the first 10,000
 * calls with those at the end: soak CALLS, 20,000 or more.
 */
#include "check.h"

#include <dirent.h>
#include <unistd.h>

static long resident_pages(void) {
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    check_need(file != NULL && fscanf(file, "%ld %ld", &size, &resident) == 2, "/proc/self/statm");
    check_need(fclose(file) == 0, "fclose");
    return resident;
}

static int open_descriptors(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    check_need(directory != NULL, "/proc/self/fd");
    while (readdir(directory) != NULL) count++;
    check_need(closedir(directory) == 0, "closedir");
    return count;
}

static void call(mid_client *client, long n) {
    int allowed = 7;
    char *text = NULL;
    char **json = n / 16 % 2 == 0 ? &text : NULL;
    switch (n % 16) {
    case 0: CHECK_STATUS(MID_OK, mid_list_devices(client, json)); break;
    case 1: CHECK_STATUS(MID_OK, mid_usage(client, json)); break;
    case 2: CHECK_STATUS(MID_REFUSED, mid_revoke(client, "nobody", json)); break;
    case 3: CHECK_STATUS(MID_REFUSED, mid_remove(client, "nobody", json)); break;
    case 4: CHECK_STATUS(MID_OK, mid_register(client, "allowed", json)); break;
    case 5: CHECK_STATUS(MID_OK, mid_unrevoke(client, "allowed", json)); break;
    case 6: CHECK_STATUS(MID_OK, mid_restore(client, "allowed", json)); break;
    case 7: CHECK_STATUS(MID_INVALID_ARGUMENT, mid_register(client, " ", json)); break;
    case 8:
    case 9:
        CHECK_STATUS(MID_OK, mid_validate(client, "revoked", &allowed, json));
        CHECK(allowed == 0);
        break;
    default:
        CHECK_STATUS(MID_OK, mid_validate(client, "allowed", &allowed, json));
        CHECK(allowed == 1);
    }
    mid_free(text);
}

int main(int argc, char **argv) {
    const long warm = 10000, calls = argc == 2 ? atol(argv[1]) : 0;
    long before = 0, after = 0;
    int opened = 0;
    mid_client *client = check_client(NULL);
    check_need(calls >= 2 * warm, "an argument, the number of calls, 20,000 or more");
    CHECK_STATUS(MID_OK, mid_register(client, "allowed", NULL));
    CHECK_STATUS(MID_OK, mid_register(client, "revoked", NULL));
    CHECK_STATUS(MID_OK, mid_revoke(client, "revoked", NULL));

    for (long n = 0; n < calls; n++) {
        if (n == warm) {
            before = resident_pages();
            opened = open_descriptors();
        }
        call(client, n);
    }
    after = resident_pages();
    printf("%ld calls; after the first %ld: %ld KiB resident, %d descriptors; at the end: %ld KiB, %d\n", calls, warm,
           before * sysconf(_SC_PAGESIZE) / 1024, opened, after * sysconf(_SC_PAGESIZE) / 1024, open_descriptors());
    CHECK(open_descriptors() == opened);
    CHECK(after <= before + before / 100);
    mid_client_free(client);
    return check_done();
}
