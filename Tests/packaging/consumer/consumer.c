/* Prints the versions of the header and of the library, and makes a call that needs no authority. */
#include <machineid.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    mid_client *client = NULL;
    char *json = NULL;
    mid_status status = mid_client_new("org_consumer", "{\"base_url\":1}", &client, &json);

    printf("%s %s %s\n", MID_VERSION, mid_version(), mid_status_name(status));
    mid_free(json);
    mid_client_free(client);
    return strcmp(MID_VERSION, mid_version()) == 0 && status == MID_INVALID_OPTIONS ? 0 : 1;
}
