/* Loads and unloads the library, as plug-in hosts do. This program is not linked to the library; its argument is the
 * library's path. */
#include <machineid.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count != 2) return 2;
    for (int n = 0; n < 20; n++) {
        /* POSIX allows a data pointer from dlsym() to be a function; in ISO C that takes a union. */
        union {
            void *data;
            mid_status (*from_env)(const char *, mid_client **, char **);
            mid_status (*validate)(mid_client *, const char *, int *, char **);
            void (*free_client)(mid_client *);
            void (*free_json)(char *);
        } from_env, validate, free_client, free_json;
        mid_client *client = NULL;
        char *json = NULL;
        int allowed = 1;
        void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        from_env.data = dlsym(library, "mid_client_from_env");
        validate.data = dlsym(library, "mid_validate");
        free_client.data = dlsym(library, "mid_client_free");
        free_json.data = dlsym(library, "mid_free");
        if (!from_env.data || !validate.data || !free_client.data || !free_json.data) return 1;
        if (from_env.from_env(NULL, &client, NULL) != MID_OK) return 1;
        if (validate.validate(client, "nobody", &allowed, &json) != MID_OK || allowed != 0) return 1;
        if (json == NULL || strstr(json, "DEVICE_NOT_REGISTERED") == NULL) return 1;
        free_json.free_json(json);
        free_client.free_client(client);
        if (dlclose(library) != 0) return 1;
    }
    puts("loaded, used and unloaded 20 times");
    return 0;
}
