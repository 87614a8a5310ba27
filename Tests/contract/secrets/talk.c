/*
 * Makes every operation with a client of these options, and prints nothing: Tests/contract/test_audit.py watches from
 * outside.
 *
 *     talk new|from_env OPTIONS
 *
 * The org key is in the environment variable KEY. The exit status is that of mid_validate(), or that of making the
 * client if there is none.
 */
#include "operations.h"

#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    mid_client *client = NULL;
    mid_status status, validate = MID_INTERNAL;
    if (count != 3) return 255;
    status = strcmp(arguments[1], "new") == 0 ? mid_client_new(getenv("KEY"), arguments[2], &client, NULL)
                                              : mid_client_from_env(arguments[2], &client, NULL);
    if (status != MID_OK) return status % 256;
    for (int n = 0; n < OPERATIONS; n++) {
        int allowed = 0;
        char *json = NULL;
        status = operation_call(&operations[n], client, "talk", &allowed, &json);
        if (operation_decides(&operations[n])) validate = status;
        mid_free(json);
    }
    mid_client_free(client);
    return validate % 256;
}
