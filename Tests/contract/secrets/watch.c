/*
 * An allocator for LD_PRELOAD that looks for a secret in every block that is freed, and records which object freed it
 * unwiped.
 *
 *     watch_for(mask, masked, count)   sets the secret, XORed with mask so that this is no copy of it
 *     watch_freed(object)              how many blocks with it code of an object, such as "libmachineid", freed
 *     watch_live(object)               how many blocks allocated by that code hold it now
 *     watch_report()                   prints both, for every object, on standard error
 *
 * Where libcurl is inside libmachineid, the file that WATCH_OWN names has a line for each function of the library's
 * own, with its first and its last address in hexadecimal. All other code there counts as the object "libcurl, inside".
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS = 16, BLOCKS = 1 << 16, SECRET = 64, FUNCTIONS = 1 << 12 };

void watch_for(unsigned char mask, const unsigned char *masked, size_t count);
int watch_freed(const char *object);
int watch_live(const char *object);
void watch_report(void);

#ifdef __GLIBC__
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void __libc_free(void *block);
#else
/* musl has no other names for them, and allocates nothing to look them up. */
static void *real(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) abort();
    return function;
}

static void *__libc_malloc(size_t size) {
    static void *(*function)(size_t);
    if (function == NULL) *(void **)&function = real("malloc");
    return function(size);
}

static void *__libc_calloc(size_t count, size_t size) {
    static void *(*function)(size_t, size_t);
    if (function == NULL) *(void **)&function = real("calloc");
    return function(count, size);
}

static void __libc_free(void *block) {
    static void (*function)(void *);
    if (function == NULL) *(void **)&function = real("free");
    function(block);
}
#endif

struct block {
    void *start;
    void *caller;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct block blocks[BLOCKS]; /* open addressing by address; a freed entry keeps its place with caller NULL */
static struct {
    char name[64];
    int freed;
} objects[OBJECTS];
static struct {
    unsigned long first, last;
} own[FUNCTIONS];
static size_t own_count;
static unsigned char secret[SECRET];
static unsigned char secret_mask;
static size_t secret_count;

static int holds_secret(const unsigned char *start, size_t size) {
    if (secret_count == 0 || size < secret_count) return 0;
    for (size_t at = 0; at + secret_count <= size; at++) {
        size_t n = 0;
        while (n < secret_count && start[at + n] == (secret[n] ^ secret_mask)) n++;
        if (n == secret_count) return 1;
    }
    return 0;
}

static __attribute__((constructor)) void read_own(void) {
    const char *path = getenv("WATCH_OWN");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    if (path != NULL && file == NULL) abort();
    while (file != NULL && own_count < FUNCTIONS &&
           fscanf(file, "%lx %lx", &own[own_count].first, &own[own_count].last) == 2)
        own_count++;
    if (file != NULL) (void)fclose(file);
}

/* Whether a place in libmachineid, counted from its start, belongs to a library inside it. */
static int is_inside(unsigned long place) {
    for (size_t n = 0; n < own_count; n++) {
        if (own[n].first <= place && place <= own[n].last) return 0;
    }
    return own_count > 0;
}

static const char *object_of(void *address) {
    static _Thread_local char name[64];
    Dl_info info;
    const char *slash;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL) return "unknown";
    slash = strrchr(info.dli_fname, '/');
    (void)snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : info.dli_fname);
    if (strncmp(name, "libmachineid", 12) == 0 && is_inside((unsigned long)((char *)address - (char *)info.dli_fbase)))
        return "libcurl, inside";
    return name;
}

static struct block *find(void *start) {
    size_t at = ((size_t)start >> 4) % BLOCKS;
    for (size_t n = 0; n < BLOCKS; n++, at = (at + 1) % BLOCKS) {
        if (blocks[at].start == start || blocks[at].start == NULL) return &blocks[at];
    }
    abort();
}

/* A block may have been another's, who has left the secret in it. So each begins with zeros. */
static void *clean(void *start) { return start != NULL ? memset(start, 0, malloc_usable_size(start)) : NULL; }

static void *made(void *start, void *caller) {
    if (start == NULL) return NULL;
    (void)pthread_mutex_lock(&mutex);
    *find(start) = (struct block){start, caller};
    (void)pthread_mutex_unlock(&mutex);
    return start;
}

/* Called before a block is freed. */
static void unmade(void *start, void *caller) {
    (void)pthread_mutex_lock(&mutex);
    struct block *block = find(start);
    if (block->start != NULL) block->caller = NULL;
    if (holds_secret(start, malloc_usable_size(start))) {
        const char *object = object_of(caller);
        for (int n = 0; n < OBJECTS; n++) {
            if (objects[n].name[0] == '\0') (void)strcpy(objects[n].name, object);
            if (strcmp(objects[n].name, object) != 0) continue;
            objects[n].freed++;
            break;
        }
    }
    (void)pthread_mutex_unlock(&mutex);
}

void *malloc(size_t size) { return made(clean(__libc_malloc(size)), __builtin_return_address(0)); }
void *calloc(size_t count, size_t size) { return made(clean(__libc_calloc(count, size)), __builtin_return_address(0)); }

void *realloc(void *old, size_t size) {
    void *caller = __builtin_return_address(0);
    void *block;
    size_t kept;
    if (old == NULL) return made(clean(__libc_malloc(size)), caller);
    /* The block always moves, so that the old copy is examined. */
    block = clean(__libc_malloc(size));
    if (block == NULL) return NULL;
    kept = malloc_usable_size(old);
    memcpy(block, old, kept < size ? kept : size);
    unmade(old, caller);
    __libc_free(old);
    return made(block, caller);
}

void free(void *block) {
    if (block != NULL) unmade(block, __builtin_return_address(0));
    __libc_free(block);
}

char *strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = made(clean(__libc_malloc(size)), __builtin_return_address(0));
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void watch_for(unsigned char mask, const unsigned char *masked, size_t count) {
    (void)pthread_mutex_lock(&mutex);
    if (count > SECRET) abort();
    memcpy(secret, masked, count);
    secret_mask = mask;
    secret_count = count;
    (void)pthread_mutex_unlock(&mutex);
}

int watch_freed(const char *object) {
    for (int n = 0; n < OBJECTS; n++) {
        if (strncmp(objects[n].name, object, strlen(object)) == 0) return objects[n].freed;
    }
    return 0;
}

int watch_live(const char *object) {
    int count = 0;
    (void)pthread_mutex_lock(&mutex);
    for (size_t n = 0; n < BLOCKS; n++) {
        if (blocks[n].start == NULL || blocks[n].caller == NULL) continue;
        if (strncmp(object_of(blocks[n].caller), object, strlen(object)) != 0) continue;
        count += holds_secret(blocks[n].start, malloc_usable_size(blocks[n].start));
    }
    (void)pthread_mutex_unlock(&mutex);
    return count;
}

void watch_report(void) {
    for (int n = 0; n < OBJECTS && objects[n].name[0] != '\0'; n++)
        fprintf(stderr, "freed with the key inside by %s: %d\n", objects[n].name, objects[n].freed);
    for (int n = 0; n < BLOCKS; n++) {
        if (blocks[n].start == NULL || blocks[n].caller == NULL) continue;
        if (holds_secret(blocks[n].start, malloc_usable_size(blocks[n].start)))
            fprintf(stderr, "live with the key inside, of %s\n", object_of(blocks[n].caller));
    }
}
