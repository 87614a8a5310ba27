/*
 * Before a child uses the client, it closes everything and opens files of its own under the numbers that the parent's
 * connections have. Its files must stay open and unchanged.
 *
 *     own_files [FOLDER]
 *
 * FOLDER is a freshly mounted tmpfs. There the child also makes files with the same inode numbers as the parent's
 * connections, because the library must not tell the two apart by that number alone.
 */
#include "children.h"
#include "decisions.h"
#include "sockets.h"

#include <fcntl.h>
#include <pthread.h>

enum { FILES = 64, THREADS = 4 };

static mid_client *client;

struct file {
    int descriptor;
    struct stat status;
};

static const char content[] = "the child's own";

static void *decide_in_a_thread(void *device_id) {
    for (int n = 0; n < 20; n++) decide(client, device_id, 0);
    return NULL;
}

/* Makes several connections, so that several numbers could be confused. */
static void connect_many(void) {
    pthread_t threads[THREADS];
    char device_ids[THREADS][24];
    for (int n = 0; n < THREADS; n++) {
        (void)snprintf(device_ids[n], sizeof device_ids[n], "own:%d", n);
        check_need(pthread_create(&threads[n], NULL, decide_in_a_thread, device_ids[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
}

static void note(struct file *file, int descriptor) {
    file->descriptor = descriptor;
    check_need(write(descriptor, content, sizeof content) == (ssize_t)sizeof content, "write");
    check_need(fstat(descriptor, &file->status) == 0, "fstat");
}

/* Closes all descriptors from 3 on and opens files in their place. */
static int replace_descriptors(struct file *files) {
    char path[] = "/tmp/machineid-own-files-XXXXXX";
    int count = 0;
    check_need(syscall(SYS_close_range, 3U, ~0U, 0U) == 0, "close_range");
    while (count < FILES) {
        int descriptor = mkstemp(path);
        check_need(descriptor >= 3 && unlink(path) == 0, path);
        memcpy(strrchr(path, '-') + 1, "XXXXXX", 6);
        note(&files[count++], descriptor);
    }
    return count;
}

static int compare_inodes(const void *one, const void *other) {
    const struct stat *a = one, *b = other;
    return (a->st_ino > b->st_ino) - (a->st_ino < b->st_ino);
}

/* Makes a file for each of the parent's connections, with the same descriptor and inode number. */
static int make_twins(struct file *files, const char *folder) {
    static struct stat connections[FILES];
    int numbers[FILES];
    int count = 0, made = 0;
    for (int n = 3; n < FILES; n++) {
        if (!sockets_is_tcp(n)) continue;
        check_need(fstat(n, &connections[count]) == 0, "fstat");
        connections[count].st_dev = (dev_t)n; /* st_dev holds the descriptor through the sort */
        count++;
    }
    check_need(count > 0, "connections");
    qsort(connections, (size_t)count, sizeof *connections, compare_inodes);
    for (int n = 0; n < count; n++) numbers[n] = (int)connections[n].st_dev;
    check_need(syscall(SYS_close_range, 3U, ~0U, 0U) == 0, "close_range");
    /* tmpfs numbers its inodes upwards from 1, so every number comes up. */
    while (made < count) {
        struct stat status;
        int descriptor = open(folder, O_TMPFILE | O_RDWR, 0600);
        check_need(descriptor >= 0 && fstat(descriptor, &status) == 0, folder);
        check_need(status.st_ino <= connections[made].st_ino, "a fresh tmpfs");
        if (status.st_ino == connections[made].st_ino) {
            int far = fcntl(descriptor, F_DUPFD, FILES * 2);
            check_need(far >= 0, "dup");
            files[made].descriptor = far;
            made++;
        }
        check_need(close(descriptor) == 0, "close");
    }
    for (int n = 0; n < made; n++) {
        int far = files[n].descriptor;
        check_need(dup2(far, numbers[n]) == numbers[n] && close(far) == 0, "dup2");
        note(&files[n], numbers[n]);
    }
    return made;
}

static void expect_intact(const struct file *files, int count) {
    for (int n = 0; n < count; n++) {
        struct stat status;
        char found[sizeof content] = "";
        if (!CHECK(fstat(files[n].descriptor, &status) == 0)) {
            fprintf(stderr, "    the child's descriptor %d was closed\n", files[n].descriptor);
            continue;
        }
        CHECK(status.st_ino == files[n].status.st_ino && status.st_dev == files[n].status.st_dev);
        CHECK(status.st_size == (off_t)sizeof content);
        CHECK(pread(files[n].descriptor, found, sizeof found, 0) == (ssize_t)sizeof found);
        CHECK(memcmp(found, content, sizeof content) == 0);
    }
}

enum first { VALIDATE, CANCEL, FREE, FIRSTS };

static void be_a_child(enum first first, const char *folder) {
    static struct file files[FILES];
    int count = folder != NULL ? make_twins(files, folder) : replace_descriptors(files);
    switch (first) {
    case VALIDATE: decide(client, "own:child", 0); break;
    case CANCEL: mid_client_cancel(client); break;
    case FREE: mid_client_free(client); break;
    case FIRSTS: break;
    }
    expect_intact(files, count);
    if (first == VALIDATE) decide(client, "own:child", 0);
    if (first != FREE) mid_client_free(client);
    expect_intact(files, count);
}

int main(int count, char **arguments) {
    const char *folder = count > 1 ? arguments[1] : NULL;
    struct sockets before, after;
    client = decisions_client();
    connect_many();
    sockets_look(&before);
    CHECK(before.count >= 1);
    for (int first = VALIDATE; first < (folder != NULL ? CANCEL : FIRSTS); first++) {
        pid_t child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            be_a_child((enum first)first, folder);
            child_done();
        }
        (void)child_await(child, "a child");
        decide(client, "own:parent", 0);
    }
    sockets_look(&after);
    /* The child takes so long in the folder that connections may grow too old in the meantime. */
    if (folder == NULL) CHECK(sockets_shared(&before, &after) == before.count && after.count == before.count);
    mid_client_free(client);
    return check_done();
}
