/*
 * Many threads use one client for the given time: calls of every kind, and guards that are started and stopped. Other
 * clients are made, cancelled and freed in the meantime, some during calls. Each thread owns a device and knows what
 * every answer must be. Memory and descriptors stay within bounds.
 *
 *     threads SECONDS [THREADS]
 *
 * With SOAK_ROUNDS, for valgrind and sanitizers, each thread ends after this many rounds, and memory is not measured.
 * With SOAK_WITHOUT_GUARDS there are no guards.
 */
#include "decisions.h"
#include "resident.h"
#include "sockets.h"
#include "waiting.h"

enum { MOST_THREADS = 64, CHURNERS = 4 };

static mid_client *client;
static double end;
static int most_rounds;
static int has_guards;
static atomic_long calls;
static atomic_long clients;

struct owner {
    pthread_t thread;
    int number;
    int is_revoked;
    char device_id[32];
};

static int is_over(int round) {
    if (atomic_load(&check_failed) > 50) return 1;
    return most_rounds > 0 ? round >= most_rounds : check_now_ms() >= end;
}

/* Checks that the list has this device in its right state. */
static void expect_listed(const struct owner *owner) {
    char *json = NULL;
    json_t *reply, *devices, *device;
    size_t n;
    int found = 0;
    CHECK_STATUS(MID_OK, mid_list_devices(client, &json));
    reply = check_reply(json);
    devices = json_object_get(reply, "devices");
    CHECK(json_is_array(devices));
    json_array_foreach(devices, n, device) {
        const char *id = json_string_value(json_object_get(device, "deviceId"));
        if (id == NULL || strcmp(id, owner->device_id) != 0) continue;
        found++;
        CHECK(json_is_true(json_object_get(device, "revoked")) == owner->is_revoked);
    }
    CHECK(found == 1);
    json_decref(reply);
}

static void decide_both(const struct owner *owner) {
    const char *ids[] = {"nobody", owner->device_id};
    int allowed[] = {1, owner->is_revoked};
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, 2, allowed, NULL));
    CHECK(allowed[0] == 0 && allowed[1] == !owner->is_revoked);
}

/* The guards of all owners share a thread, which starts and ends with them. No other thread revokes this device. */
static void guard(const struct owner *owner) {
    static const char options[] = "{\"interval_ms\":120,\"max_age_ms\":120000}";
    mid_guard *guard = NULL;
    int allowed = owner->is_revoked;
    CHECK_STATUS(MID_OK, mid_guard_start(client, owner->device_id, options, &guard, NULL));
    if (!owner->is_revoked) CHECK_STATUS(MID_TIMEOUT, mid_guard_wait(guard, (int32_t)(owner->number % 64)));
    CHECK(mid_guard_fd(guard) >= 0);
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, NULL));
    CHECK(allowed == !owner->is_revoked && mid_guard_allowed(guard) == allowed);
    mid_guard_stop(guard);
}

static void *own(void *argument) {
    struct owner *owner = argument;
    (void)snprintf(owner->device_id, sizeof owner->device_id, "soak:%d", owner->number);
    ask_about(mid_register, client, owner->device_id);
    for (int round = 0; !is_over(round); round++) {
        decide(client, owner->device_id, !owner->is_revoked);
        switch ((round + owner->number) % 8) {
        case 0:
            owner->is_revoked = !owner->is_revoked;
            ask_about(owner->is_revoked ? mid_revoke : mid_unrevoke, client, owner->device_id);
            break;
        case 1: ask_about(mid_register, client, owner->device_id); break;
        case 2: CHECK_STATUS(MID_OK, mid_usage(client, NULL)); break;
        case 3: expect_listed(owner); break;
        case 4:
            ask_about(mid_restore, client, owner->device_id);
            owner->is_revoked = 0;
            break;
        case 5:
            ask_about(mid_remove, client, owner->device_id);
            decide(client, owner->device_id, 0);
            ask_about(mid_register, client, owner->device_id);
            owner->is_revoked = 0;
            break;
        case 6: decide_both(owner); break;
        default:
            if (has_guards) guard(owner);
            break;
        }
        decide(client, owner->device_id, !owner->is_revoked);
        atomic_fetch_add(&calls, 3);
    }
    ask_about(mid_remove, client, owner->device_id);
    return NULL;
}

/* Whatever the result of this call, it allows nothing. */
static void *call_until_cancelled(void *passing) {
    int allowed = 1;
    mid_status status;
    do {
        status = mid_validate(passing, "nobody", &allowed, NULL);
        CHECK(status == MID_OK || status == MID_CANCELLED);
        CHECK(allowed == 0);
    } while (status == MID_OK);
    return NULL;
}

static void *churn(void *unused) {
    (void)unused;
    for (int round = 0; !is_over(round); round++) {
        mid_client *passing = decisions_client();
        pthread_t thread;
        decide(passing, "nobody", 0);
        check_need(pthread_create(&thread, NULL, call_until_cancelled, passing) == 0, "pthread_create");
        decide(passing, "nobody", 0);
        mid_client_cancel(passing);
        check_need(pthread_join(thread, NULL) == 0, "pthread_join");
        mid_client_free(passing);
        atomic_fetch_add(&clients, 1);
    }
    return NULL;
}

int main(int count, char **arguments) {
    static struct owner owners[MOST_THREADS];
    static struct sockets sockets;
    pthread_t churners[CHURNERS];
    const char *rounds = getenv("SOAK_ROUNDS");
    double seconds = count > 1 ? atof(arguments[1]) : 5;
    int threads = count > 2 ? atoi(arguments[2]) : MOST_THREADS;
    double began = check_now_ms();
    long settled = 0, most_resident = 0;
    int most_descriptors = 0;
    has_guards = getenv("SOAK_WITHOUT_GUARDS") == NULL;
    most_rounds = rounds != NULL ? atoi(rounds) : 0;
    end = began + seconds * 1e3;
    check_need(threads > 0 && threads <= MOST_THREADS, "1 to 64 threads");

    client = decisions_client();
    /* The tools do not know the spin lock under which libcurl initialises itself. */
    if (most_rounds > 0) decide(client, "soak:first", 0);
    for (int n = 0; n < threads; n++) {
        owners[n].number = n;
        check_need(pthread_create(&owners[n].thread, NULL, own, &owners[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < CHURNERS; n++)
        check_need(pthread_create(&churners[n], NULL, churn, NULL) == 0, "pthread_create");
    while (most_rounds == 0 && !is_over(0)) {
        struct timespec pause = {0, 100000000}; /* ten samples per second */
        long resident = resident_kilobytes();
        sockets_look(&sockets);
        if (sockets.descriptors > most_descriptors) most_descriptors = sockets.descriptors;
        if (check_now_ms() < began + seconds * 200)
            settled = resident > settled ? resident : settled;
        else
            most_resident = resident > most_resident ? resident : most_resident;
        check_need(nanosleep(&pause, NULL) == 0, "nanosleep");
    }
    for (int n = 0; n < threads; n++) check_need(pthread_join(owners[n].thread, NULL) == 0, "pthread_join");
    for (int n = 0; n < CHURNERS; n++) check_need(pthread_join(churners[n], NULL) == 0, "pthread_join");

    if (most_rounds == 0) {
        /* 8 connections, and twice as many while they are made; a pair to wake the driver; a pair for each guard; and
         * the same for each passing client, which has no guards. */
        CHECK(most_descriptors <= 16 + 2 + 2 * threads + CHURNERS * (2 * 2 + 2) + 8);
        /* After a fifth of the time all threads have their stacks; any growth is the heap, which is then nearly as full
         * as it ever gets: 4 MB are what the passing clients can have more at one time than at another, with the
         * certificate authorities of each. */
        if (!CHECK(most_resident <= settled + settled / 5 + 4096))
            fprintf(stderr, "    memory grew from %ld kB to %ld kB\n", settled, most_resident);
    }
    mid_client_free(client);
    sockets_look(&sockets);
    CHECK(sockets.count == 0);
    if (atomic_load(&check_failed) > 0) return (void)check_done(), 1;
    printf("%d threads, %.0f s, %ld calls, %ld other clients; at most %d descriptors, %ld kB then %ld kB resident\n",
           threads, (check_now_ms() - began) / 1e3, atomic_load(&calls), atomic_load(&clients), most_descriptors,
           settled, most_resident);
    return 0;
}
