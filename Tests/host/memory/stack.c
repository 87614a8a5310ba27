/*
 * A caller with a small stack, below which a page must not be touched. It makes every kind of call, successful and
 * failing.
 *
 *     stack BYTES
 *
 * The stack of this size also holds what the C library needs for a thread.
 */
#include "operations.h"
#include "server.h"

#include <sys/mman.h>

static char *nested(int depth) {
    char *text = calloc(1, (size_t)depth * 2 + 64);
    check_need(text != NULL, "calloc");
    (void)strcpy(text, "{\"allowed\":true,\"x\":");
    memset(text + strlen(text), '[', (size_t)depth);
    memset(text + strlen(text), ']', (size_t)depth);
    (void)strcat(text, "}");
    return text;
}

enum { PAINT = 0x5A };

static const char *bodies[6];
static struct server server;

static void *use(void *unused) {
    mid_client *client = NULL;
    char *json = NULL;
    (void)unused;
    /* The authority of the environment answers and refuses. */
    client = check_client(getenv("CLIENT_OPTIONS"));
    for (int n = 0; n < OPERATIONS * 2; n++) {
        int allowed = 1;
        mid_status status = operation_call(&operations[n % OPERATIONS], client, "small", &allowed, &json);
        CHECK(status == MID_OK || status == MID_REFUSED);
        CHECK(json != NULL);
        mid_free(json);
    }
    mid_client_free(client);

    /* Invalid replies and network failures, each with its message. */
    client = server_client(&server, ",\"max_retries\":1");
    for (size_t b = 0; b < sizeof bodies / sizeof *bodies; b++) {
        int allowed = 0;
        mid_status status;
        server_answer(&server, "200 OK", "application/json", bodies[b]);
        status = mid_validate(client, "small", &allowed, &json);
        CHECK_STATUS(b == 0 ? MID_OK : MID_BAD_REPLY, status);
        CHECK(allowed == (b == 0));
        mid_free(json);
    }
    mid_client_cancel(client);
    CHECK_STATUS(MID_CANCELLED, mid_usage(client, NULL));
    mid_client_free(client);
    client = check_client("{\"base_url\":\"http://localhost:1\",\"max_retries\":0}");
    CHECK_STATUS(MID_CONNECT_FAILED, mid_usage(client, &json));
    mid_free(json);
    mid_client_free(client);
    CHECK_STATUS(MID_INVALID_OPTIONS, mid_client_new("org_small", bodies[1], &client, &json));
    mid_free(json);
    return NULL;
}

/* How many bytes of the stack were ever written to, including those that the C library keeps at its upper end. */
static size_t depth(const char *stack, size_t size) {
    size_t untouched = 0;
    while (untouched < size && stack[untouched] == PAINT) untouched++;
    return size - untouched;
}

int main(int count, char **arguments) {
    size_t size = count > 1 ? (size_t)atol(arguments[1]) : 32768;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *deep = nested(62), *deeper = nested(100);
    pthread_attr_t attributes;
    pthread_t thread;
    char *memory = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_need(memory != MAP_FAILED && mprotect(memory, page, PROT_NONE) == 0, "mmap");
    memset(memory + page, PAINT, size);
    bodies[0] = deep;
    bodies[1] = deeper;
    bodies[2] = "<html></html>";
    bodies[3] = "{\"allowed\":1e999}";
    bodies[4] = "{\"allowed\":1.5}";
    bodies[5] = "{\"allowed\":true,\"allowed\":true}";
    server_start(&server, NULL);
    check_need(pthread_attr_init(&attributes) == 0, "pthread_attr_init");
    check_need(pthread_attr_setstack(&attributes, memory + page, size) == 0, "pthread_attr_setstack");
    check_need(pthread_create(&thread, &attributes, use, NULL) == 0, "pthread_create");
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    server_stop(&server);
    free(deep);
    free(deeper);
    if (atomic_load(&check_failed) == 0) printf("%zu of %zu bytes were used\n", depth(memory + page, size), size);
    return atomic_load(&check_failed) == 0 ? 0 : 1;
}
