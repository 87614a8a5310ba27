/*
 * A client made before fork() works in the child, and the parent's connection is not disturbed. Parent and child each
 * own a device, one allowed and one revoked: a process that read the other's reply would get the wrong decision.
 */
#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

static void expect(mid_client *client, const char *device_id, int expected) {
    int allowed = !expected;
    CHECK_STATUS(MID_OK, mid_validate(client, device_id, &allowed, NULL));
    CHECK(allowed == expected);
}

int main(void) {
    mid_client *client = check_client(NULL);
    CHECK_STATUS(MID_OK, mid_register(client, "parent", NULL));
    CHECK_STATUS(MID_OK, mid_register(client, "child", NULL));
    CHECK_STATUS(MID_OK, mid_revoke(client, "child", NULL));

    for (int n = 0; n < 50; n++) {
        int status = 0;
        pid_t child;
        expect(client, "parent", 1);
        check_need(fflush(NULL) == 0, "fflush");
        child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            for (int i = 0; i < 5; i++) expect(client, "child", 0);
            if (n % 2 == 0) mid_client_free(client);
            _exit(atomic_load(&check_failed) == 0 ? 0 : 1);
        }
        for (int i = 0; i < 5; i++) expect(client, "parent", 1);
        check_need(waitpid(child, &status, 0) == child, "waitpid");
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        expect(client, "parent", 1);
    }
    mid_client_free(client);
    return check_done();
}
