/*
 * Many threads, guards and batches use a distant authority on a bad day: at random its network forgets all connections,
 * it stands still, and it answers a series of requests with 503, or with 429 and Retry-After. Every answer is right, no
 * call is late, no guard outlives a revocation, and memory and descriptors stay within bounds. The day ends in fair
 * weather, once there was an allow, a denial and a guard that ended with its device's revocation.
 *
 *     weather SECONDS [SEED]
 *
 * The emulator is in EMULATOR_URL and EMULATOR_PID, and MACHINEID_BASE_URL is TLS in front of it. With
 * WEATHER_UNMEASURED, for sanitizers, memory is not measured.
 */
#include "authority.h"
#include "relay.h"
#include "resident.h"
#include "sockets.h"

enum {
    ROUND_TRIP_MS = 20,
    CALLERS = 64,
    BATCHES = 2,
    BATCH = 300,
    GUARDS = 8,
    THREADS = CALLERS + BATCHES + GUARDS,
    TIMEOUT_MS = 10000,
    INTERVAL_MS = 500,
    MAX_AGE_MS = 3000
};

static mid_client *client;
static atomic_int day_is_over;
static atomic_long allows, denials, unavailable, timeouts, unconnected, revocations, lapses;
static atomic_long longest_us;
static long storms[4];

static int is_over(void) { return atomic_load(&day_is_over) || atomic_load(&check_failed) > 20; }

static void name_device(char (*name)[32], int number) { (void)snprintf(*name, sizeof *name, "weather:%d", number); }

/* Devices with even numbers are registered, the others are not. */
static int is_registered(int number) { return number % 2 == 0; }

/* Returns whether there was a decision. Without one, the status must be that of an outage of the authority or the
 * network. */
static int note_status(mid_status status, double began) {
    long took = (long)((check_now_ms() - began) * 1e3), known = atomic_load(&longest_us);
    while (took > known && !atomic_compare_exchange_weak(&longest_us, &known, took)) continue;
    if (!CHECK((double)took / 1e3 <= TIMEOUT_MS + check_slack_ms()))
        fprintf(stderr, "    %s after %ld ms\n", mid_status_name(status), took / 1000);
    switch (status) {
    case MID_OK: return 1;
    case MID_UNAVAILABLE: atomic_fetch_add(&unavailable, 1); return 0;
    case MID_TIMEOUT: atomic_fetch_add(&timeouts, 1); return 0;
    case MID_CONNECT_FAILED: atomic_fetch_add(&unconnected, 1); return 0;
    default: CHECK_STATUS(MID_OK, status); return 0;
    }
}

static void *call(void *argument) {
    int number = (int)(intptr_t)argument;
    char name[32];
    name_device(&name, number);
    while (!is_over()) {
        int allowed = 7;
        double began = check_now_ms();
        int is_decided = note_status(mid_validate(client, name, &allowed, NULL), began);
        CHECK(allowed == (is_decided && is_registered(number)));
        if (is_decided) atomic_fetch_add(is_registered(number) ? &allows : &denials, 1);
    }
    return NULL;
}

static void *call_in_batches(void *unused) {
    char names[CALLERS][32];
    const char *ids[BATCH];
    (void)unused;
    for (int n = 0; n < CALLERS; n++) name_device(&names[n], n);
    for (int n = 0; n < BATCH; n++) ids[n] = names[n % CALLERS];
    while (!is_over()) {
        int allowed[BATCH], is_decided;
        double began = check_now_ms();
        for (int n = 0; n < BATCH; n++) allowed[n] = 7;
        is_decided = note_status(mid_validate_many(client, ids, BATCH, allowed, NULL), began);
        for (int n = 0; n < BATCH; n++) {
            if (is_decided || !is_registered(n)) CHECK(allowed[n] == is_registered(n));
            else CHECK(allowed[n] == 0 || allowed[n] == 1);
        }
    }
    return NULL;
}

static void insist(mid_status (*change)(mid_client *, const char *, char **), const char *name) {
    double began;
    do began = check_now_ms();
    while (!note_status(change(client, name, NULL), began) && !is_over());
}

/* Revokes a device while its guard is on: the guard is off when its last allow is too old, and denied in the end. */
static void revoke_guarded(mid_guard *guard, const char *name) {
    double revoked;
    int allowed = 1;
    insist(mid_revoke, name);
    if (is_over()) return;
    revoked = check_now_ms();
    while (mid_guard_wait(guard, 100) != MID_OK) {
        /* The guard may have asked for its last allow just before the revocation. */
        if (!CHECK(check_now_ms() - revoked <= MAX_AGE_MS + check_slack_ms())) return;
    }
    AWAIT(is_readable(mid_guard_fd(guard)) || is_over());
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, NULL));
    CHECK(allowed == 0);
    atomic_fetch_add(&revocations, 1);
}

static void *guard_device(void *argument) {
    char options[64];
    unsigned int chance = (unsigned int)(intptr_t)argument;
    char name[32];
    (void)snprintf(name, sizeof name, "weather:guarded:%u", chance);
    (void)snprintf(options, sizeof options, "{\"interval_ms\":%d,\"max_age_ms\":%d}", INTERVAL_MS, MAX_AGE_MS);
    while (!is_over()) {
        mid_guard *guard = NULL;
        double began, until;
        int is_decided, was_on = 1;
        insist(mid_register, name);
        /* The time may have been over before the device was registered. */
        if (is_over()) break;
        insist(mid_unrevoke, name);
        began = check_now_ms();
        is_decided = note_status(mid_guard_start(client, name, options, &guard, NULL), began);
        if (!is_decided) continue;
        until = check_now_ms() + rand_r(&chance) % 4000;
        while (check_now_ms() < until && !is_over()) {
            int is_on = mid_guard_wait(guard, 50) != MID_OK;
            if (was_on && !is_on) atomic_fetch_add(&lapses, 1);
            if (!is_on) pause_ms(50);
            was_on = is_on;
            if (!CHECK(!is_readable(mid_guard_fd(guard)))) break;
        }
        if (!is_over()) revoke_guarded(guard, name);
        mid_guard_stop(guard);
    }
    return NULL;
}

/* ---- The weather ---- */

static void order_outage(const char *body) {
    struct endpoint emulator = endpoint_at("127.0.0.1", relay_port_of(check_environment("EMULATOR_URL")));
    char text[512];
    int length, socket = endpoint_socket(&emulator, 0);
    check_need(connect(socket, (struct sockaddr *)&emulator.address, emulator.size) == 0, "connect");
    length = snprintf(text, sizeof text,
                      "POST /emulator/outage HTTP/1.1\r\nHost: emulator\r\nx-org-key: %s\r\n"
                      "Content-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                      check_environment("MACHINEID_ORG_KEY"), strlen(body), body);
    check_need(length > 0 && (size_t)length < sizeof text, "a shorter key");
    check_need(send(socket, text, (size_t)length, MSG_NOSIGNAL) == length, "send");
    check_need(recv(socket, text, 12, MSG_WAITALL) == 12 && memcmp(text, "HTTP/1.1 200", 12) == 0, "an outage");
    check_need(close(socket) == 0, "close");
}

static void storm(const struct relay *relay, pid_t emulator, unsigned int *chance) {
    int kind = rand_r(chance) % 4;
    char body[96];
    storms[kind]++;
    switch (kind) {
    case 0: (void)relay_tell(relay, FORGET); break;
    case 1:
        check_need(kill(emulator, SIGSTOP) == 0, "SIGSTOP");
        pause_ms(rand_r(chance) % 1500);
        check_need(kill(emulator, SIGCONT) == 0, "SIGCONT");
        break;
    case 2:
        (void)snprintf(body, sizeof body, "{\"httpStatus\":503,\"requests\":%d}", rand_r(chance) % 200 + 1);
        order_outage(body);
        break;
    default:
        (void)snprintf(body, sizeof body, "{\"httpStatus\":429,\"retryAfter\":1,\"requests\":%d}",
                       rand_r(chance) % 200 + 1);
        order_outage(body);
        break;
    }
}

/* ---- What the process takes ---- */

struct takings {
    long resident;
    int descriptors;
};

static void take_most(struct takings *most) {
    static struct sockets sockets;
    long resident = resident_kilobytes();
    sockets_look(&sockets);
    if (resident > most->resident) most->resident = resident;
    if (sockets.descriptors > most->descriptors) most->descriptors = sockets.descriptors;
}

static void register_devices(void) {
    char name[32];
    for (int n = 0; n < CALLERS; n += 2) {
        name_device(&name, n);
        CHECK_STATUS(MID_OK, mid_register(client, name, NULL));
    }
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    double began = check_now_ms(), seconds = count > 1 ? atof(arguments[1]) : 10;
    unsigned int chance = count > 2 ? (unsigned int)atoi(arguments[2]) : (unsigned int)time(NULL);
    pid_t emulator = (pid_t)atoi(check_environment("EMULATOR_PID"));
    int port = relay_port_of(check_environment("MACHINEID_BASE_URL"));
    struct relay relay = relay_start("127.0.0.1", 0, port, ROUND_TRIP_MS);
    struct takings early = {0, 0}, late = {0, 0};
    char options[256];
    printf("seed %u\n", chance);
    (void)snprintf(options, sizeof options,
                   "{\"base_url\":\"https://127.0.0.1:%d\",\"ca_file\":\"%s\",\"timeout_ms\":%d}", relay.port,
                   check_environment("CA_FILE"), TIMEOUT_MS);
    client = check_client(options);
    register_devices();
    for (int n = 0; n < THREADS; n++) {
        void *(*work)(void *) = n < CALLERS ? call : n < CALLERS + BATCHES ? call_in_batches : guard_device;
        check_need(pthread_create(&threads[n], NULL, work, (void *)(intptr_t)n) == 0, "pthread_create");
    }
    while (check_now_ms() < began + seconds * 1e3 && !is_over()) {
        storm(&relay, emulator, &chance);
        pause_ms(rand_r(&chance) % 1000);
        take_most(check_now_ms() < began + seconds * 300 ? &early : &late);
    }
    order_outage("{}");
    AWAIT((atomic_load(&allows) > 0 && atomic_load(&denials) > 0 && atomic_load(&revocations) > 0) || is_over());
    atomic_store(&day_is_over, 1);
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(client);
    relay_stop(&relay);

    if (getenv("WEATHER_UNMEASURED") == NULL) {
        CHECK(early.resident > 0 && late.resident > 0);
        if (!CHECK(late.resident <= early.resident + early.resident / 5 + 1024))
            fprintf(stderr, "    memory grew from %ld kB to %ld kB\n", early.resident, late.resident);
        /* Two pairs that wake each of four drivers, a pair for each guard, and forgotten connections beside those that
         * replace them. */
        CHECK(late.descriptors <= 2 * 64 + 4 * 4 + 2 * GUARDS + 8);
    }
    printf("%ld times forgotten, %ld stood still, %ld 503, %ld 429: %ld allows, %ld denials; without an answer: %ld "
           "MID_UNAVAILABLE, %ld MID_TIMEOUT, %ld MID_CONNECT_FAILED; the longest call took %ld ms of %d; %ld guards "
           "revoked, %ld lapses; %ld kB, then %ld kB, %d descriptors\n",
           storms[0], storms[1], storms[2], storms[3], atomic_load(&allows), atomic_load(&denials),
           atomic_load(&unavailable), atomic_load(&timeouts), atomic_load(&unconnected),
           atomic_load(&longest_us) / 1000, TIMEOUT_MS, atomic_load(&revocations), atomic_load(&lapses), early.resident,
           late.resident, late.descriptors);
    return check_done();
}
