/*
 * The library is a good guest: whatever a client does or meets, the process around it stays as it was. Nothing is
 * printed, and no signal handler, signal mask, locale, environment variable, directory, umask, thread or file
 * descriptor is changed or left behind.
 */
#include "operations.h"
#include "server.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>

extern char **environ;

struct surroundings {
    struct {
        void (*handler)(int);
        int flags;
        int is_blocked;
    } signals[65];
    mode_t umask;
    char locale[256];
    char directory[1024];
    char environment[65536];
    int threads;
    int descriptors;
};

static int entries(const char *directory) {
    DIR *stream = opendir(directory);
    int count = 0;
    check_need(stream != NULL, directory);
    while (readdir(stream) != NULL) count++;
    check_need(closedir(stream) == 0, directory);
    return count;
}

static void look_around(struct surroundings *now) {
    size_t used = 0;
    sigset_t mask;
    check_need(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0, "pthread_sigmask");
    for (int n = 1; n <= 64; n++) {
        struct sigaction action;
        if (n == 32 || n == 33) continue; /* reserved by the C library */
        check_need(sigaction(n, NULL, &action) == 0, "sigaction");
        now->signals[n].handler = action.sa_handler;
        now->signals[n].flags = action.sa_flags;
        now->signals[n].is_blocked = sigismember(&mask, n);
    }
    now->umask = umask(0);
    (void)umask(now->umask);
    (void)snprintf(now->locale, sizeof now->locale, "%s", setlocale(LC_ALL, NULL));
    check_need(uselocale((locale_t)0) == LC_GLOBAL_LOCALE, "a locale of this thread's own");
    check_need(getcwd(now->directory, sizeof now->directory) != NULL, "getcwd");
    for (char **variable = environ; *variable != NULL; variable++) {
        size_t length = strlen(*variable) + 1;
        check_need(used + length < sizeof now->environment, "a smaller environment");
        memcpy(now->environment + used, *variable, length);
        used += length;
    }
    now->threads = entries("/proc/self/task");
    now->descriptors = entries("/proc/self/fd");
}

/* Makes calls with every kind of result: decisions, refusals and failures. */
static void use(void) {
    static const char *const bodies[] = {"{\"allowed\":true}", "{\"allowed\":false}",
                                         "<html></html>", "{\"allowed\":1.5}"};
    struct server server;
    mid_client *client;
    char *json = NULL;
    server_start(&server, "not HTTP\r\n");
    client = server_client(&server, ",\"timeout_ms\":100,\"max_retries\":1");
    for (size_t b = 0; b < 1 + sizeof bodies / sizeof *bodies; b++) {
        for (int n = 0; n < OPERATIONS; n++) {
            int allowed = 1;
            (void)operation_call(&operations[n], client, n == 3 ? "\xFF" : "agent", &allowed, &json);
            CHECK(json != NULL);
            mid_free(json);
        }
        if (b < sizeof bodies / sizeof *bodies) server_answer(&server, "200 OK", "application/json", bodies[b]);
    }
    mid_client_cancel(client);
    CHECK_STATUS(MID_CANCELLED, mid_usage(client, NULL));
    mid_client_free(client);
    server_stop(&server);

    client = NULL;
    CHECK_STATUS(MID_INVALID_OPTIONS, mid_client_new("org_x", "{\"x\":1}", &client, NULL));
    client = check_client("{\"base_url\":\"https://127.0.0.1:1\",\"proxy\":\"\",\"max_retries\":0}");
    CHECK_STATUS(MID_CONNECT_FAILED, mid_usage(client, NULL));
    mid_client_free(client);
    client = check_client("{\"base_url\":\"http://localhost:1\",\"max_retries\":0}");
    CHECK_STATUS(MID_CONNECT_FAILED, mid_usage(client, NULL));
    mid_client_free(client);
}

int main(void) {
    static struct surroundings before, after;
    struct stat printed;
    char path[] = "/tmp/machineid-guest-XXXXXX";
    int file = mkstemp(path);
    int output, errors;
    check_need(file >= 0 && unlink(path) == 0, path);
    check_need(setlocale(LC_ALL, "C.UTF-8") != NULL, "setlocale");

    output = dup(STDOUT_FILENO);
    errors = dup(STDERR_FILENO);
    check_need(output >= 0 && errors >= 0, "dup");
    check_need(dup2(file, STDOUT_FILENO) >= 0 && dup2(file, STDERR_FILENO) >= 0, "dup2");
    look_around(&before);
    use();
    check_need(fflush(stdout) == 0, "fflush");
    look_around(&after);
    check_need(fstat(file, &printed) == 0, "fstat");
    check_need(dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0, "dup2");

    if (!CHECK(printed.st_size == 0)) {
        char text[1024] = "";
        check_need(pread(file, text, sizeof text - 1, 0) >= 0, "pread");
        fprintf(stderr, "    printed: %s\n", text);
    }
    for (int n = 1; n <= 64; n++) {
        CHECK(before.signals[n].handler == after.signals[n].handler);
        CHECK(before.signals[n].flags == after.signals[n].flags);
        CHECK(before.signals[n].is_blocked == after.signals[n].is_blocked);
    }
    CHECK(before.umask == after.umask);
    CHECK(strcmp(before.locale, after.locale) == 0);
    CHECK(strcmp(before.directory, after.directory) == 0);
    CHECK(memcmp(before.environment, after.environment, sizeof before.environment) == 0);
    CHECK(before.threads == after.threads);
    CHECK(before.descriptors == after.descriptors);
    return check_done();
}
