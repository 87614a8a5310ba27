/*
 * A host sets an allocator of its own for libcurl with curl_global_init_mem(), before clients are made, or between the
 * making of a client and its first call. That allocator must never receive a block that it did not allocate.
 *
 *     allocator
 */
#include "check.h"

#include <curl/curl.h>

/* Stands before each block, and is as large as malloc()'s alignment. Blocks from elsewhere do not have it. */
union mark {
    unsigned char bytes[16];
    struct {
        size_t size;
        size_t seal;
    } of;
};

enum { SEAL = 0x5ea15ea1, BROKEN = 0x0badbeef };

static atomic_long given, returned, strange;

static void *give(size_t size) {
    union mark *mark = malloc(sizeof *mark + size);
    if (mark == NULL) return NULL;
    mark->of.size = size;
    mark->of.seal = SEAL;
    atomic_fetch_add(&given, 1);
    return mark + 1;
}

/* Returns NULL for a block from elsewhere: touching it might end the test before it can report. */
static union mark *mark_of(void *block) {
    union mark *mark = (union mark *)block - 1;
    if (mark->of.seal == SEAL) return mark;
    atomic_fetch_add(&strange, 1);
    return NULL;
}

static void take(void *block) {
    union mark *mark = block == NULL ? NULL : mark_of(block);
    if (mark == NULL) return;
    mark->of.seal = BROKEN;
    atomic_fetch_add(&returned, 1);
    free(mark);
}

static void *give_again(void *block, size_t size) {
    void *other = give(size);
    union mark *mark = block == NULL ? NULL : mark_of(block);
    if (mark == NULL || other == NULL) return other;
    memcpy(other, block, mark->of.size < size ? mark->of.size : size);
    take(block);
    return other;
}

static char *give_text(const char *text) {
    char *copy = give(strlen(text) + 1);
    return copy == NULL ? NULL : strcpy(copy, text);
}

static void *give_zeroed(size_t count, size_t size) {
    void *block = give(count * size);
    return block == NULL ? NULL : memset(block, 0, count * size);
}

/* Makes every kind of call that uses libcurl, and frees the client. */
static void use(mid_client *client) {
    const char *device_ids[] = {"agent", "agent"};
    int allowed[] = {0, 0};
    mid_guard *guard = NULL;
    CHECK_STATUS(MID_OK, mid_register(client, "agent", NULL));
    CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed[0], NULL));
    CHECK(allowed[0] == 1);
    CHECK_STATUS(MID_OK, mid_usage(client, NULL));
    CHECK_STATUS(MID_OK, mid_validate_many(client, device_ids, 2, allowed, NULL));
    CHECK(allowed[0] == 1 && allowed[1] == 1);
    CHECK_STATUS(MID_OK, mid_guard_start(client, "agent", NULL, &guard, NULL));
    CHECK(mid_guard_allowed(guard) == 1);
    mid_guard_stop(guard);
    mid_client_free(client);
}

int main(void) {
    mid_client *early = check_client(NULL);
    check_need(curl_global_init_mem(CURL_GLOBAL_DEFAULT, give, take, give_again, give_text, give_zeroed) == CURLE_OK,
               "curl_global_init_mem");
    mid_client *late = check_client(NULL);
    mid_client *unused = check_client(NULL);
    use(early);
    use(late);
    mid_client_free(unused);
    curl_global_cleanup();
    CHECK(atomic_load(&strange) == 0);
    CHECK(atomic_load(&given) > 0 && atomic_load(&returned) > 0);
    printf("%ld blocks given, %ld returned\n", atomic_load(&given), atomic_load(&returned));
    return check_done();
}
