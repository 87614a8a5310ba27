/*
 * The host closes every descriptor from 3 on, as daemons do, and opens connections of its own under the numbers that
 * the library's had. The library must not send on these, read from them or close them; no call may hang, and no answer
 * may come from them: the server at their other end would allow everything.
 */
#include "authority.h"
#include "decisions.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWN = 16, TIMEOUT_MS = 2000, PROMISED_MS = 250 };

static const char device_id[] = "robbed"; /* not registered */

/* ---- The other server: it replies at once with an allow, and counts the bytes that it receives ---- */

struct other {
    int port;
    atomic_int bytes;
};
static struct other *other;

static void *talk(void *argument) {
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"allowed\":true}";
    int connection = (int)(intptr_t)argument;
    char bytes[4096];
    ssize_t count;
    while ((count = recv(connection, bytes, sizeof bytes, 0)) > 0) {
        atomic_fetch_add(&other->bytes, (int)count);
        (void)send(connection, reply, sizeof reply - 1, MSG_NOSIGNAL);
    }
    return NULL;
}

static pid_t other_start(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pid_t process;
    other = mmap(NULL, sizeof *other, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_need(other != MAP_FAILED, "mmap");
    check_need(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0, "bind");
    check_need(listen(listener, 64) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0, "listen");
    other->port = ntohs(address.sin_port);
    process = fork();
    check_need(process >= 0, "fork");
    if (process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            pthread_t thread;
            int connection = accept(listener, NULL, NULL);
            if (connection < 0) _exit(1);
            if (pthread_create(&thread, NULL, talk, (void *)(intptr_t)connection) != 0) _exit(1);
        }
    }
    check_need(close(listener) == 0, "close");
    return process;
}

/* ---- The host ---- */

static int own[OWN];
static struct stat own_status[OWN];
static atomic_int are_robbed;

/* `flags` is SOCK_NONBLOCK for non-blocking connections, or 0. */
static void rob(int flags) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)other->port);
    check_need(syscall(SYS_close_range, 3U, ~0U, 0U) == 0, "close_range");
    atomic_store(&other->bytes, 0);
    for (int n = 0; n < OWN; n++) {
        own[n] = socket(AF_INET, SOCK_STREAM | flags, 0);
        check_need(own[n] >= 3, "socket");
        if (connect(own[n], (struct sockaddr *)&address, sizeof address) != 0) {
            struct pollfd polled = {own[n], POLLOUT, 0};
            check_need(errno == EINPROGRESS && poll(&polled, 1, 20000) == 1 && polled.revents == POLLOUT, "connect");
        }
        check_need(fstat(own[n], &own_status[n]) == 0, "fstat");
    }
    atomic_store(&are_robbed, 1);
}

/* The host's connections are open, and nothing was sent on them: the other server would have answered at once. */
static void expect_intact(void) {
    char byte;
    for (int n = 0; n < OWN; n++) {
        struct stat status;
        if (!CHECK(fstat(own[n], &status) == 0)) continue;
        CHECK(status.st_ino == own_status[n].st_ino);
        CHECK(recv(own[n], &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0);
    }
    CHECK(atomic_load(&other->bytes) == 0);
}

static void give_back(void) {
    for (int n = 0; n < OWN; n++) check_need(close(own[n]) == 0, "close");
}

static void decide_in_time(mid_client *client) {
    double began = check_now_ms();
    decide(client, device_id, 0);
    CHECK(check_now_ms() - began <= TIMEOUT_MS + check_slack_ms());
}

static void free_in_time(mid_client *client) {
    double began = check_now_ms();
    mid_client_free(client);
    CHECK(check_now_ms() - began <= PROMISED_MS + check_slack_ms());
}

/* ---- Between two calls ---- */

enum next { VALIDATE, CANCEL, FREE, NEXTS };
static const char *const names[] = {"validate", "cancel", "free"};

static void between_calls(enum next next) {
    mid_client *client = decisions_client();
    check_about = names[next];
    decide(client, device_id, 0);
    rob(0);
    if (next == VALIDATE) {
        decide_in_time(client);
        expect_intact();
        decide_in_time(client);
    } else if (next == CANCEL) {
        mid_client_cancel(client);
        expect_intact();
    }
    free_in_time(client);
    expect_intact();
    give_back();
}

/* There was no connection whose loss could be noticed. */
static void without_a_connection(void) {
    mid_client *client = check_client("{\"base_url\":\"http://127.0.0.1:1\",\"max_retries\":0}");
    int allowed = 1;
    check_about = "without a connection";
    CHECK_STATUS(MID_CONNECT_FAILED, mid_validate(client, device_id, &allowed, NULL));
    rob(0);
    CHECK_STATUS(MID_CONNECT_FAILED, mid_validate(client, device_id, &allowed, NULL));
    free_in_time(client);
    expect_intact();
    give_back();
}

/*
 * ---- During a call, which is an error of the host: the call ends in its time, and denies ----
 *
 * The call is then waiting for its answer, as calls nearly always are. libcurl wakes itself through a pair of
 * descriptors. When the host closes both ends, libcurl's poll() returns and it reads from that number at once, before
 * anything can check who owns it now. If it is a blocking socket of the host, the call stays there. These sockets do
 * not block.
 */

static atomic_int asking; /* the thread id of the caller */

static int is_asleep(int thread) {
    char path[64], text[256] = "";
    const char *end;
    FILE *file;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    file = fopen(path, "r");
    check_need(file != NULL && fgets(text, sizeof text, file) != NULL && fclose(file) == 0, path);
    end = strrchr(text, ')');
    return end != NULL && strncmp(end, ") S", 3) == 0;
}

static void *ask(void *client) {
    atomic_store(&asking, (int)gettid());
    int allowed = 1;
    double began = check_now_ms();
    mid_status status = mid_validate(client, device_id, &allowed, NULL);
    CHECK(status != MID_OK && allowed == 0);
    CHECK(check_now_ms() - began <= TIMEOUT_MS + check_slack_ms());
    return NULL;
}

static void during_a_call(struct authority *authority) {
    char more[64];
    pthread_t thread;
    int requests = atomic_load(&authority->requests);
    (void)snprintf(more, sizeof more, ",\"timeout_ms\":%d,\"max_retries\":0", TIMEOUT_MS);
    mid_client *client = authority_client(authority, more);
    check_about = "during a call";
    atomic_store(&authority->mood, IS_SILENT);
    check_need(pthread_create(&thread, NULL, ask, client) == 0, "pthread_create");
    AWAIT(atomic_load(&authority->requests) > requests);
    AWAIT(is_asleep(atomic_load(&asking)));
    rob(SOCK_NONBLOCK);
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    expect_intact();
    atomic_store(&authority->mood, DENIES);
    requests = 1;
    CHECK_STATUS(MID_OK, mid_validate(client, device_id, &requests, NULL));
    CHECK(requests == 0);
    free_in_time(client);
    expect_intact();
    give_back();
}

/* ---- During a guard, between two of its checks, which are far enough apart for that ---- */

static void during_a_guard(struct authority *authority) {
    mid_client *client = authority_client(authority, "");
    mid_guard *guard;
    int requests;
    check_about = "during a guard";
    atomic_store(&authority->mood, ALLOWS);
    guard = guard_start(client, "{\"interval_ms\":2000,\"max_age_ms\":60000}");
    CHECK(mid_guard_fd(guard) >= 0);
    rob(0);
    requests = atomic_load(&authority->requests);
    AWAIT(atomic_load(&authority->requests) > requests + 1);
    expect_intact();
    atomic_store(&authority->mood, DENIES);
    CHECK_STATUS(MID_OK, mid_guard_wait(guard, 20000));
    mid_guard_stop(guard);
    free_in_time(client);
    expect_intact();
    give_back();
}

int main(void) {
    struct authority *authority = authority_start();
    pid_t process = other_start();
    for (int next = 0; next < NEXTS; next++) between_calls((enum next)next);
    without_a_connection();
    during_a_call(authority);
    during_a_guard(authority);
    check_about = "";
    authority_stop(authority);
    check_need(kill(process, SIGKILL) == 0 && waitpid(process, NULL, 0) == process, "waitpid");
    return check_done();
}
