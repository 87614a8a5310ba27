/*
 * mid_build_info in a process that has called nothing else, while its first allocation fails, and then each later one:
 * it returns an empty object, and the next call tries again. Needs refuse.so preloaded.
 */
#include "check.h"

#include <dlfcn.h>

int main(void) {
    union {
        void *data;
        void (*function)(long, int);
    } refuse_begin;
    union {
        void *data;
        long (*function)(void);
    } refuse_end;
    const char *text;
    json_t *info;
    long refused = 0, asked;
    refuse_begin.data = dlsym(RTLD_DEFAULT, "refuse_begin");
    refuse_end.data = dlsym(RTLD_DEFAULT, "refuse_end");
    check_need(refuse_begin.data && refuse_end.data, "refuse.so preloaded");
    for (;;) {
        refuse_begin.function(refused + 1, 1);
        text = mid_build_info();
        asked = refuse_end.function();
        if (!CHECK(text != NULL) || strcmp(text, "{}") != 0 || refused == 100) break;
        refused++;
    }
    CHECK(refused > 0 && asked <= refused);
    info = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_is_object(json_object_get(info, "libcurl")));
    json_decref(info);
    CHECK(mid_build_info() == text);
    printf("%ld allocations refused\n", refused);
    return check_done();
}
