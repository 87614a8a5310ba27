/*
 * An allocator for LD_PRELOAD that refuses memory at a chosen moment, and counts what is allocated.
 *
 *     refuse_begin(n, all)    from now on, the nth allocation of this thread fails, and with `all` those after it too
 *     refuse_beyond(bytes)    from now on, this thread can allocate at most this many bytes more
 *     refuse_end()            ends both; returns the number of allocations since then
 *     refuse_live()           returns the number of allocated blocks in the whole process
 *     refuse_spared()         prints how often faults of other libraries were avoided
 *
 * Only refuse_begin() avoids the known faults of other libraries, which would end the process: see faults.h.
 */
#include "faults.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void refuse_begin(long n, int all);
void refuse_beyond(long bytes);
long refuse_end(void);
long refuse_live(void);
void refuse_spared(void);

/* The C library's own functions, under names that cannot be interposed. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

#define OF_THREAD static _Thread_local __attribute__((tls_model("initial-exec")))

OF_THREAD long asked;
OF_THREAD long refused_from;
OF_THREAD int refuses_all;
OF_THREAD int is_limited;
OF_THREAD long bytes_left;
static atomic_long live;

void refuse_begin(long n, int all) {
    asked = 0;
    refused_from = n;
    refuses_all = all;
    fault_at = NO_FAULT;
}

void refuse_beyond(long bytes) {
    asked = 0;
    is_limited = 1;
    bytes_left = bytes;
}

long refuse_end(void) {
    refused_from = 0;
    is_limited = 0;
    return asked;
}

long refuse_live(void) { return atomic_load(&live); }

void refuse_spared(void) {
    for (int n = NO_FAULT + 1; n < FAULTS; n++)
        if (faults[n].spared > 0) printf("spared %ld times: %s\n", faults[n].spared, faults[n].where);
}

static int is_refused(const void *caller, size_t size) {
    enum fault met;
    if (is_limited) {
        asked++;
        if (size < PTRDIFF_MAX && (long)size + (long)sizeof(size_t) <= bytes_left) return 0;
        errno = ENOMEM;
        return 1;
    }
    if (refused_from == 0) return 0;
    met = fault_met(caller, size);
    if (met != NO_FAULT) {
        faults[met].spared++;
        return 0;
    }
    asked++;
    if (asked != refused_from && !(refuses_all && asked > refused_from)) return 0;
    errno = ENOMEM;
    return 1;
}

/* The bytes that a block takes from the heap. */
static long cost(void *block) { return block == NULL ? 0 : (long)(malloc_usable_size(block) + sizeof(size_t)); }

static void *counted(void *block) {
    if (block != NULL) atomic_fetch_add(&live, 1);
    if (is_limited) bytes_left -= cost(block);
    return block;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) { return is_refused(CALLER, size) ? NULL : counted(__libc_malloc(size)); }
void *memalign(size_t alignment, size_t size) {
    return is_refused(CALLER, size) ? NULL : counted(__libc_memalign(alignment, size));
}
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
    return is_refused(CALLER, bytes) ? NULL : counted(__libc_calloc(count, size));
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    void *made = memalign(alignment, size);
    if (made == NULL) return ENOMEM;
    *block = made;
    return 0;
}

void free(void *block) {
    if (block != NULL) atomic_fetch_sub(&live, 1);
    if (is_limited) bytes_left += cost(block);
    __libc_free(block);
}

/* For a moment the old block and the new one both exist. */
void *realloc(void *block, size_t size) {
    long before = cost(block);
    void *made;
    if (block != NULL && size == 0) {
        free(block);
        return NULL;
    }
    if (is_refused(CALLER, size)) return NULL;
    made = __libc_realloc(block, size);
    if (block == NULL) return counted(made);
    if (is_limited && made != NULL) bytes_left += before - cost(made);
    return made;
}

/* Memory from the system itself is not counted. */
void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    if ((flags & MAP_ANONYMOUS) != 0 && is_refused(CALLER, size)) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
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
