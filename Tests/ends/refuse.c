/*
 * An allocator for LD_PRELOAD that refuses memory at a chosen moment, and counts what is allocated.
 *
 *     refuse_begin(n, all)    from now on, on this thread: the nth allocation fails, and with `all` those after it too
 *     refuse_end()            no more; how many allocations were asked for
 *     refuse_live()           blocks that are allocated now, in the whole process
 *
 * Two faults of others would end the process here, and are kept out of the way: jansson 2.14 writes past its memory when
 * it is refused some for the text of a string whose last byte is the one that does not fit; and libcurl 7.88 frees the
 * name of a TLS session twice when it is refused memory while it keeps one.
 */
#include <errno.h>
#include <link.h>
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

static uintptr_t jansson_start, jansson_end;

static int find_jansson(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    if (strstr(info->dlpi_name, "/libjansson.so") == NULL) return 0;
    for (int n = 0; n < info->dlpi_phnum; n++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[n].p_vaddr;
        if (info->dlpi_phdr[n].p_type != PT_LOAD || !(info->dlpi_phdr[n].p_flags & PF_X)) continue;
        jansson_start = start;
        jansson_end = start + info->dlpi_phdr[n].p_memsz;
    }
    return 1;
}

/* The text of a string that it reads, which grows in powers of two. */
static int is_text_of_jansson(const void *caller, size_t size) {
    if (jansson_end == 0) (void)dl_iterate_phdr(find_jansson, NULL);
    return (uintptr_t)caller >= jansson_start && (uintptr_t)caller < jansson_end && size >= 32 && (size & (size - 1)) == 0;
}

/* In OpenSSL's place: libcurl is given no session to keep. */
void SSL_CTX_sess_set_new_cb(void *context, int (*callback)(void *, void *));

void SSL_CTX_sess_set_new_cb(void *context, int (*callback)(void *, void *)) {
    (void)context;
    (void)callback;
}

static int is_refused(const void *caller, size_t size) {
    if (refused_from == 0 || is_text_of_jansson(caller, size)) return 0;
    asked++;
    if (asked != refused_from && !(refuses_all && asked > refused_from)) return 0;
    errno = ENOMEM;
    return 1;
}

static void *counted(void *block) {
    if (block != NULL) atomic_fetch_add(&live, 1);
    return block;
}

void *malloc(size_t size) { return is_refused(__builtin_return_address(0), size) ? NULL : counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return is_refused(NULL, size) ? NULL : counted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return is_refused(NULL, size) ? NULL : counted(__libc_memalign(alignment, size)); }
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
    if (is_refused(__builtin_return_address(0), size)) return NULL;
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
