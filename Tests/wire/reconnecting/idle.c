/* A connection that has been idle for 30 s takes no further request: the next call is on another one, and well. */
#include "authority.h"
#include "sockets.h"

#include <unistd.h>

static void validate(mid_client *client) {
    int allowed = 0;
    CHECK_STATUS(MID_OK, mid_validate(client, "good", &allowed, NULL));
    CHECK(allowed == 1);
}

int main(void) {
    static struct sockets first, soon, later;
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, "");
    validate(client);
    sockets_look(&first);
    check_need(sleep(5) == 0, "sleep");
    validate(client);
    sockets_look(&soon);
    CHECK(first.count == 1 && sockets_shared(&first, &soon) == 1);
    check_need(sleep(32) == 0, "sleep");
    validate(client);
    sockets_look(&later);
    CHECK(later.count == 1 && sockets_shared(&soon, &later) == 0);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
