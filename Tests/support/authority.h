/*
 * authority.h - an authority in a process of its own whose behaviour a test can change, and a sampler that checks a
 * guard against it.
 *
 * The authority records when it was asked and when it had answered. The sampler looks at the guard all the time and
 * compares: it must never see 1 when the last request that was allowed is older than max_age_ms, or after a denial.
 */
#ifndef AUTHORITY_H
#define AUTHORITY_H

#include "children.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/*
 * PUTS_OFF is IS_BUSY with Retry-After: 1. JUDGES allows the devices called "good..." and denies others. WAVERS answers
 * every second request with 429 and Retry-After: 1, and allows the others. ENDS takes no connection any more, and then
 * hangs up.
 */
enum mood { ALLOWS, DENIES, IS_SILENT, IS_BUSY, PUTS_OFF, HANGS_UP, REFUSES, TELLS_NONSENSE, JUDGES, WAVERS, ENDS };

/* Lives in memory that all processes of a test share. Times are of CLOCK_BOOTTIME, in nanoseconds. */
struct authority {
    pid_t process;
    int port;
    atomic_int mood;
    atomic_int delay_ms;
    atomic_int ignores;   /* leave this many of the next requests unanswered for good */
    atomic_int awaits;    /* hold every answer until this many have asked at once */
    atomic_int is_holding; /* hold answers about marked devices for now */
    atomic_int requests;
    atomic_int marked; /* those of the requests about a device with ":marked" in its name */
    atomic_int connections, most_connections; /* open now, and the most at once */
    atomic_int busy, most_busy;               /* with a request now, and the most at once */
    atomic_llong last_allow; /* when the last request that was allowed had been read */
    atomic_llong put_off;      /* when the last reply with Retry-After was about to be sent */
    atomic_llong least_pause;  /* the shortest time from put_off to the next request; 0: none yet */
    atomic_llong first_denial; /* when the first denial had been sent; 0: never */
};

struct sampler {
    struct authority *authority;
    mid_guard *guard;
    long long max_age;
    pthread_t thread;
    atomic_int is_over;
    atomic_llong ones, zeros;
    atomic_llong oldest; /* the greatest age of the last allow when the guard was 1 */
    atomic_llong latest; /* the last 1 after the first denial, counted from that denial */
};

static inline long long now_ns(void) {
    struct timespec now;
    check_need(clock_gettime(CLOCK_BOOTTIME, &now) == 0, "clock_gettime");
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void pause_ms(int milliseconds) {
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&left, &left) != 0) continue;
}

/* Waits until another thread or process makes a condition true. */
#define AWAIT(condition)                                                                                               \
    do {                                                                                                               \
        double await_until = check_now_ms() + 20000;                                                                   \
        while (!(condition) && check_now_ms() < await_until) pause_ms(1);                                              \
        CHECK(condition);                                                                                              \
    } while (0)

/* ---- The authority ---- */

static struct authority *authority_here;

static int authority_listener; /* in the process of the authority */

enum { AUTHORITY_DESCRIPTORS = 1024 };
static atomic_char authority_open[AUTHORITY_DESCRIPTORS];

static inline int authority_reply(int connection, enum mood mood) {
    static const struct {
        const char *line, *body;
    } replies[] = {
        [ALLOWS] = {"200 OK", "{\"allowed\":true,\"code\":\"ALLOW\",\"request_id\":\"1\"}"},
        [DENIES] = {"200 OK", "{\"allowed\":false,\"code\":\"DEVICE_REVOKED\",\"request_id\":\"2\"}"},
        [IS_BUSY] = {"503 Service Unavailable", "{\"status\":\"error\",\"error\":\"busy\"}"},
        [PUTS_OFF] = {"503 Service Unavailable\r\nRetry-After: 1", "{\"status\":\"error\",\"error\":\"busy\"}"},
        [WAVERS] = {"429 Too Many Requests\r\nRetry-After: 1", "{\"status\":\"error\",\"error\":\"busy\"}"},
        [REFUSES] = {"401 Unauthorized", "{\"status\":\"error\",\"error\":\"invalid_org_key\"}"},
        [TELLS_NONSENSE] = {"200 OK", "{\"allowed\":\"true\"}"},
    };
    char reply[512];
    int length = snprintf(reply, sizeof reply, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", replies[mood].line,
                          strlen(replies[mood].body), replies[mood].body);
    return send(connection, reply, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Adds 1 to a count and updates its maximum. */
static inline void count_up(atomic_int *count, atomic_int *most) {
    int now = atomic_fetch_add(count, 1) + 1;
    int known = atomic_load(most);
    while (now > known && !atomic_compare_exchange_weak(most, &known, now)) continue;
}

static inline void authority_notes_pause(long long asked) {
    long long put_off = atomic_exchange(&authority_here->put_off, 0);
    long long least = atomic_load(&authority_here->least_pause);
    if (put_off != 0 && (least == 0 || asked - put_off < least))
        atomic_store(&authority_here->least_pause, asked - put_off);
}

static inline int authority_ignores(void) {
    int left = atomic_load(&authority_here->ignores);
    while (left > 0 && !atomic_compare_exchange_weak(&authority_here->ignores, &left, left - 1)) continue;
    return left > 0;
}

static inline void *authority_serve(void *argument) {
    int connection = (int)(intptr_t)argument;
    char request[4096];
    size_t have = 0;
    for (;;) {
        ssize_t count = recv(connection, request + have, sizeof request - 1 - have, 0);
        enum mood mood;
        int is_marked;
        long long asked;
        const char *end;
        if (count <= 0) break;
        have += (size_t)count;
        request[have] = '\0';
        end = strstr(request, "\r\n\r\n");
        if (end == NULL || strchr(end + 4, '}') == NULL) continue;
        have = 0;
        asked = now_ns();
        authority_notes_pause(asked);
        int number = atomic_fetch_add(&authority_here->requests, 1);
        is_marked = strstr(request, ":marked") != NULL;
        if (is_marked) atomic_fetch_add(&authority_here->marked, 1);
        count_up(&authority_here->busy, &authority_here->most_busy);
        for (int n = 0;
             n < 20000 && atomic_load(&authority_here->most_busy) < atomic_load(&authority_here->awaits); n++)
            pause_ms(1);
        pause_ms(atomic_load(&authority_here->delay_ms));
        for (int n = 0; n < 20000 && is_marked && atomic_load(&authority_here->is_holding); n++) pause_ms(1);
        atomic_fetch_sub(&authority_here->busy, 1);
        mood = (enum mood)atomic_load(&authority_here->mood);
        if (mood == JUDGES) mood = strstr(request, "\"good") != NULL ? ALLOWS : DENIES;
        if (mood == WAVERS && number % 2 == 1) mood = ALLOWS;
        if (mood == ENDS) (void)shutdown(authority_listener, SHUT_RDWR);
        if (mood == HANGS_UP || mood == ENDS) break;
        if (authority_ignores()) continue;
        if (mood == IS_SILENT) continue;
        if (mood == ALLOWS && asked > atomic_load(&authority_here->last_allow))
            atomic_store(&authority_here->last_allow, asked);
        if (mood == PUTS_OFF || mood == WAVERS) atomic_store(&authority_here->put_off, now_ns());
        if (!authority_reply(connection, mood)) break;
        if (mood == DENIES && atomic_load(&authority_here->first_denial) == 0)
            atomic_store(&authority_here->first_denial, now_ns());
    }
    atomic_store(&authority_open[connection], 0);
    atomic_fetch_sub(&authority_here->connections, 1);
    (void)close(connection);
    return NULL;
}

/*
 * How many connections the client has open, according to the kernel. One that the client has closed no longer counts,
 * however late the thread here notices.
 */
static inline int authority_established(void) {
    int count = 0;
    for (int connection = 0; connection < AUTHORITY_DESCRIPTORS; connection++) {
        struct tcp_info info;
        socklen_t size = sizeof info;
        if (atomic_load(&authority_open[connection]) &&
            getsockopt(connection, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_ESTABLISHED)
            count++;
    }
    return count;
}

static inline _Noreturn void authority_run(int listener) {
    pthread_attr_t detached;
    authority_listener = listener;
    /* Threads are detached from the start: a program may define its own pthread_detach(), which hides the detaching
     * from ThreadSanitizer. */
    if (pthread_attr_init(&detached) != 0) _exit(1);
    if (pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) != 0) _exit(1);
    for (;;) {
        pthread_t thread;
        int one = 1;
        int connection = accept(listener, NULL, NULL);
        if (connection < 0 || connection >= AUTHORITY_DESCRIPTORS) _exit(1);
        atomic_fetch_add(&authority_here->connections, 1);
        atomic_store(&authority_open[connection], 1);
        int established = authority_established();
        if (established > atomic_load(&authority_here->most_connections))
            atomic_store(&authority_here->most_connections, established);
        (void)setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (pthread_create(&thread, &detached, authority_serve, (void *)(intptr_t)connection) != 0) _exit(1);
    }
}

static inline struct authority *authority_start(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct authority *authority =
        mmap(NULL, sizeof *authority, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_need(authority != MAP_FAILED, "mmap");
    check_need(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0, "bind");
    check_need(listen(listener, 64) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0, "listen");
    authority->port = ntohs(address.sin_port);
    authority_here = authority;
    (void)fflush(NULL);
    pid_t process = fork();
    check_need(process >= 0, "fork");
    if (process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        authority_run(listener);
    }
    authority->process = process;
    check_need(close(listener) == 0, "close");
    return authority;
}

static inline void authority_stop(struct authority *authority) {
    check_need(kill(authority->process, SIGKILL) == 0, "kill");
    check_need(waitpid(authority->process, NULL, 0) == authority->process, "waitpid");
    check_need(munmap(authority, sizeof *authority) == 0, "munmap");
}

static inline mid_client *authority_client(struct authority *authority, const char *more) {
    char options[512];
    (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\"%s}", authority->port, more);
    return check_client(options);
}

static inline mid_guard *guard_start(mid_client *client, const char *options) {
    mid_guard *guard = NULL;
    char *json = NULL;
    if (!CHECK_STATUS(MID_OK, mid_guard_start(client, "guarded", options, &guard, &json)) || guard == NULL) {
        fprintf(stderr, "there is no guard, so the test cannot run: %s\n", json != NULL ? json : "");
        exit(1);
    }
    mid_free(json);
    return guard;
}

static inline int is_readable(int descriptor) {
    struct pollfd polled = {descriptor, POLLIN, 0};
    check_need(poll(&polled, 1, 0) >= 0, "poll");
    return (polled.revents & POLLIN) != 0;
}

/* ---- The sampler ---- */

static inline void sampler_look(struct sampler *sampler) {
    long long before = now_ns();
    if (!mid_guard_allowed(sampler->guard)) {
        atomic_fetch_add(&sampler->zeros, 1);
        return;
    }
    atomic_fetch_add(&sampler->ones, 1);
    long long age = before - atomic_load(&sampler->authority->last_allow);
    long long denial = atomic_load(&sampler->authority->first_denial);
    if (age > atomic_load(&sampler->oldest)) atomic_store(&sampler->oldest, age);
    CHECK(age < sampler->max_age);
    if (denial == 0 || before <= denial) return;
    atomic_store(&sampler->latest, before - denial);
    /* The guard needs a moment to receive the denial. */
    CHECK((double)(before - denial) / 1e6 <= check_slack_ms());
}

static inline void *sampler_run(void *argument) {
    struct sampler *sampler = argument;
    /* Looks come in bursts, for what lies close together, and so often that a millisecond has several bursts. */
    struct timespec rest = {0, 150000};
    while (!atomic_load(&sampler->is_over)) {
        for (int n = 0; n < 10; n++) sampler_look(sampler);
        (void)nanosleep(&rest, NULL);
    }
    return NULL;
}

static inline void sampler_start(struct sampler *sampler, struct authority *authority, mid_guard *guard,
                                 int max_age_ms) {
    memset(sampler, 0, sizeof *sampler);
    sampler->authority = authority;
    sampler->guard = guard;
    sampler->max_age = (long long)max_age_ms * 1000000;
    check_need(pthread_create(&sampler->thread, NULL, sampler_run, sampler) == 0, "pthread_create");
}

static inline void sampler_stop(struct sampler *sampler, const char *what) {
    atomic_store(&sampler->is_over, 1);
    check_need(pthread_join(sampler->thread, NULL) == 0, "pthread_join");
    printf("%-22s %9lld ones, %9lld zeros; oldest allow at a 1: %7.2f ms of %5.0f", what, atomic_load(&sampler->ones),
           atomic_load(&sampler->zeros), (double)atomic_load(&sampler->oldest) / 1e6, (double)sampler->max_age / 1e6);
    if (atomic_load(&sampler->authority->first_denial) != 0)
        printf("; last 1 after the denial: %.2f ms", (double)atomic_load(&sampler->latest) / 1e6);
    printf("\n");
}

#endif
