/*
 * For LD_PRELOAD: a madvise() that does not wipe pages in forked children. MADVISE names the way:
 *
 *   refuses   It reports an error, as old kernels and some sandboxes do.
 *   lies      It reports success, as qemu-user 7.2 does for every advice.
 *   forgets   It reports success where the kernel would wipe, and otherwise the kernel's error.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is(const char *way) {
    const char *chosen = getenv("MADVISE");
    return chosen != NULL && strcmp(chosen, way) == 0;
}

int madvise(void *address, size_t size, int advice) {
    int status;
    if (is("lies")) return 0;
    if (advice == MADV_WIPEONFORK && is("refuses")) {
        errno = EINVAL;
        return -1;
    }
    status = (int)syscall(SYS_madvise, address, size, advice);
    if (status == 0 && advice == MADV_WIPEONFORK && is("forgets"))
        return (int)syscall(SYS_madvise, address, size, MADV_KEEPONFORK);
    return status;
}
