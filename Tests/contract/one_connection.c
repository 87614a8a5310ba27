/* Makes 10,000 validates on one thread, through a forwarder that counts connections. test_clients.py reads its
 * count. */
#include "check.h"

int main(void) {
    mid_client *client = check_client(NULL);
    CHECK_STATUS(MID_OK, mid_register(client, "agent", NULL));
    for (int n = 0; n < 10000; n++) {
        int allowed = 0;
        char *json = NULL;
        CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, &json));
        CHECK(allowed == 1);
        mid_free(json);
    }
    mid_client_free(client);
    return check_done();
}
