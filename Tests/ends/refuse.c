/*
 * An allocator for LD_PRELOAD that refuses memory at a chosen moment, and counts what is allocated.
 *
 *     refuse_begin(n, all)    from now on, on this thread: the nth allocation fails, and with `all` those after it too
 *     refuse_end()            no more; how many allocations were asked for
 *     refuse_live()           blocks that are allocated now, in the whole process
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void refuse_begin(long n, int all);
long refuse_end(void);
long refuse_live(void);

/* The C library's own, under the names that cannot be interposed. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

static _Thread_local long asked __attribute__((tls_model("initial-exec")));
static _Thread_local long refused_from __attribute__((tls_model("initial-exec")));
static _Thread_local int refuses_all __attribute__((tls_model("initial-exec")));
static atomic_long live;

void refuse_begin(long n, int all) {
    asked = 0;
    refused_from = n;
    refuses_all = all;
}

long refuse_end(void) {
    refused_from = 0;
    return asked;
}

long refuse_live(void) { return atomic_load(&live); }

static int is_refused(void) {
    if (refused_from == 0) return 0;
    asked++;
    if (asked != refused_from && !(refuses_all && asked > refused_from)) return 0;
    errno = ENOMEM;
    return 1;
}

static void *counted(void *block) {
    if (block != NULL) atomic_fetch_add(&live, 1);
    return block;
}

void *malloc(size_t size) { return is_refused() ? NULL : counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return is_refused() ? NULL : counted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return is_refused() ? NULL : counted(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    void *made = memalign(alignment, size);
    if (made == NULL) return ENOMEM;
    *block = made;
    return 0;
}

void *realloc(void *block, size_t size) {
    void *made;
    if (block == NULL) return malloc(size);
    if (size == 0) {
        free(block);
        return NULL;
    }
    if (is_refused()) return NULL;
    made = __libc_realloc(block, size);
    return made;
}

void free(void *block) {
    if (block != NULL) atomic_fetch_sub(&live, 1);
    __libc_free(block);
}

char *strndup(const char *text, size_t most) {
    size_t length = strnlen(text, most);
    char *copy = malloc(length + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *strdup(const char *text) { return strndup(text, SIZE_MAX - 1); }
