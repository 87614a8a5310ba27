/*
 * Call after call on one thread: memory does not grow by more than 1 % after the first ten thousand, and file descriptors
 * not at all.
 *
 *     million CALLS
 */
#include "decisions.h"
#include "operations.h"
#include "sockets.h"

enum { SETTLING = 10000 };

static long resident_pages(void) {
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    check_need(file != NULL && fscanf(file, "%ld %ld", &size, &resident) == 2, "/proc/self/statm");
    check_need(fclose(file) == 0, "fclose");
    return resident;
}

int main(int count, char **arguments) {
    static struct sockets sockets;
    long calls = count > 1 ? atol(arguments[1]) : 1000000;
    long settled = 0, pages;
    int descriptors = 0;
    mid_client *client = decisions_client();
    ask_about(mid_register, client, "million");
    for (long n = 0; n < calls && atomic_load(&check_failed) == 0; n++) {
        int allowed = 1;
        char *json = NULL;
        const struct operation *operation = &operations[n % 16 == 15 ? (n / 16) % OPERATIONS : 1];
        mid_status status;
        if (operation->with_device == mid_revoke || operation->with_device == mid_remove) operation = &operations[0];
        status = operation_call(operation, client, n % 2 ? "million" : "nobody", &allowed, n % 3 ? &json : NULL);
        CHECK(status == MID_OK || status == MID_REFUSED);
        if (operation_decides(operation)) CHECK_STATUS(MID_OK, status), CHECK(allowed == (int)(n % 2));
        mid_free(json);
        if (n == SETTLING) {
            settled = resident_pages();
            sockets_look(&sockets);
            descriptors = sockets.descriptors;
        }
    }
    pages = resident_pages();
    sockets_look(&sockets);
    CHECK(sockets.descriptors == descriptors);
    if (!CHECK(pages * 100 <= settled * 101)) fprintf(stderr, "    %ld pages became %ld\n", settled, pages);
    mid_client_free(client);
    if (atomic_load(&check_failed) > 0) return (void)check_done(), 1;
    printf("%ld calls: %ld pages resident after %d, %ld at the end; %d descriptors\n", calls, settled, SETTLING, pages,
           descriptors);
    return 0;
}
