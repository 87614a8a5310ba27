/* For LD_PRELOAD: reading a folder takes as long as if it had many more entries, as /proc has where there are thousands
 * of processes. */
#include <dirent.h>
#include <dlfcn.h>
#include <unistd.h>

struct dirent *readdir(DIR *folder) {
    struct dirent *(*next)(DIR *) = NULL;
    *(void **)&next = dlsym(RTLD_NEXT, "readdir");
    (void)usleep(20);
    return next == NULL ? NULL : next(folder);
}
