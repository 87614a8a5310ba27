/*
 * A request that is sent twice: the first answer counts, a failure of one copy leaves the other alone, and an answer
 * that comes too late is never seen, neither by this call nor by the next one or a guard. The requests come from
 * mid_validate(), mid_validate_many() and guards.
 *
 *     answers [TIMES [AT_ONCE]]
 */
#include "authority.h"
#include "scripted.h"

/* A quarter of this is the patience of a client that has had no answer yet. */
static int timeout_ms(void) { return 1200 + (int)check_slack_ms(); }

/* What happens to the second request: it is sent, its connection is refused, or its SYN is never answered. */
enum way { IS_ASKED, IS_REFUSED, IS_SWALLOWED };

#define ALLOWS_REPLY .status = "200 OK", .body = ALLOWS_IT
#define DENIES_REPLY .status = "200 OK", .body = DENIES_IT
#define ANOTHERS_REPLY .status = "200 OK", .body = ALLOWS_ANOTHER
#define OUTAGE_REPLY .status = "503 Service Unavailable", .body = DENIES_IT
#define SILENCE .body = NULL
#define GARBAGE .body = "SSH-2.0-OpenSSH_9.2\r\n\r\n{\"allowed\":true}"
#define HALF_A_REPLY .body = "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n{\"allowed\":true,"
#define NOTHING .body = ""

struct scene {
    const char *name;
    struct act acts[2];
    enum way way;
    int late; /* whether the gate opens only after the call has returned */
    mid_status status;
    int allowed;
    int next_allowed; /* the authority's answer to the next request */
};

static const struct scene scenes[] = {
    {"the first is answered once the second was asked", {{ALLOWS_REPLY, .after = 2}, {SILENCE}}, .allowed = 1},
    {"the second is answered", {{SILENCE}, {ALLOWS_REPLY}}, .allowed = 1},
    {"the second is answered with a denial", {{SILENCE}, {DENIES_REPLY}}, .next_allowed = 1},
    {"the second is refused a connection", {{ALLOWS_REPLY, .gate = 1}}, .way = IS_REFUSED, .allowed = 1},
    {"the second gets no connection", {{ALLOWS_REPLY, .gate = 1}}, .way = IS_SWALLOWED, .allowed = 1},
    {"the second gets garbage", {{ALLOWS_REPLY, .gate = 1}, {GARBAGE, .closes = 1}}, .allowed = 1},
    {"the second gets half a reply", {{ALLOWS_REPLY, .gate = 1}, {HALF_A_REPLY}}, .allowed = 1},
    {"the second's connection ends", {{ALLOWS_REPLY, .gate = 1}, {NOTHING, .closes = 1}}, .allowed = 1},
    {"the second gets no answer but 429",
     {{ALLOWS_REPLY, .gate = 1}, {.status = "429 Too Many Requests", .body = DENIES_IT}},
     .allowed = 1},
    {"the second gets no answer but 503", {{ALLOWS_REPLY, .gate = 1}, {OUTAGE_REPLY}}, .allowed = 1},
    {"the second is redirected", {{ALLOWS_REPLY, .gate = 1}, {.status = "302 Found", .body = ALLOWS_IT}}, .allowed = 1},
    {"the second gets 503, and the first nothing",
     {{SILENCE}, {OUTAGE_REPLY}},
     .status = MID_UNAVAILABLE,
     .next_allowed = 1},
    {"the second gets 503, and the first's connection ends",
     {{NOTHING, .gate = 1, .closes = 1}, {OUTAGE_REPLY}},
     .status = MID_UNAVAILABLE,
     .next_allowed = 1},
    {"the second gets another device's answer",
     {{ALLOWS_REPLY, .gate = 1}, {ANOTHERS_REPLY}},
     .late = 1,
     .status = MID_BAD_REPLY},
    {"the first gets garbage",
     {{GARBAGE, .after = 2, .closes = 1}, {ALLOWS_REPLY, .gate = 1}},
     .late = 1,
     .status = MID_BAD_REPLY},
    {"the first gets half a reply", {{HALF_A_REPLY, .after = 2}, {DENIES_REPLY, .gate = 1}}, .next_allowed = 1},
    {"the first's connection ends", {{NOTHING, .after = 2, .closes = 1}, {ALLOWS_REPLY, .gate = 1}}, .allowed = 1},
    {"the first gets another device's answer",
     {{ANOTHERS_REPLY, .after = 2}, {ALLOWS_REPLY, .gate = 1}},
     .late = 1,
     .status = MID_BAD_REPLY},
    {"the first's allow comes after the second's denial", {{ALLOWS_REPLY, .gate = 1}, {DENIES_REPLY}}, .late = 1},
    {"the first's denial comes after the second's allow",
     {{DENIES_REPLY, .gate = 1}, {ALLOWS_REPLY}},
     .late = 1,
     .allowed = 1,
     .next_allowed = 1},
    {"the second's allow comes after the first's denial",
     {{DENIES_REPLY, .after = 2}, {ALLOWS_REPLY, .gate = 1}},
     .late = 1},
};

struct asker {
    pthread_t thread;
    mid_client *client;
    int is_many;
    mid_status status;
    int allowed;
    double took;
};

static const char *const devices[] = {"agent"};

static void *ask(void *argument) {
    struct asker *asker = argument;
    double from = check_now_ms();
    asker->allowed = 7;
    asker->status = asker->is_many ? mid_validate_many(asker->client, devices, 1, &asker->allowed, NULL)
                                   : mid_validate(asker->client, devices[0], &asker->allowed, NULL);
    asker->took = check_now_ms() - from;
    return NULL;
}

static mid_client *impatient(struct scripted *scripted) {
    char options[64];
    (void)snprintf(options, sizeof options, ",\"max_retries\":0,\"timeout_ms\":%d", timeout_ms());
    return scripted_client(scripted, options);
}

static void expect(const struct asker *asker, mid_status status, int allowed) {
    CHECK_STATUS(status, asker->status);
    CHECK(asker->allowed == allowed);
    CHECK(asker->took <= timeout_ms() + check_slack_ms());
}

static void expect_next(struct asker *asker, int allowed) {
    (void)ask(asker);
    expect(asker, MID_OK, allowed);
}

/* Tcp: AttemptFails of /proc/net/snmp, for this network namespace. */
static long failed_attempts(void) {
    char names[1024], values[1024], *name, *value, *rest_of_names, *rest_of_values;
    long count = -1;
    FILE *file = fopen("/proc/self/net/snmp", "re");
    check_need(file != NULL, "/proc/self/net/snmp");
    while (fgets(names, sizeof names, file) != NULL && fgets(values, sizeof values, file) != NULL) {
        if (strncmp(names, "Tcp:", 4) != 0) continue;
        name = strtok_r(names, " \n", &rest_of_names);
        value = strtok_r(values, " \n", &rest_of_values);
        while (name != NULL && value != NULL) {
            if (strcmp(name, "AttemptFails") == 0) count = atol(value);
            name = strtok_r(NULL, " \n", &rest_of_names);
            value = strtok_r(NULL, " \n", &rest_of_values);
        }
    }
    check_need(fclose(file) == 0 && count >= 0, "AttemptFails");
    return count;
}

/* How many sockets, beside the fillers, have sent an unanswered SYN to this port. */
static int connecting_to(int port, const struct hole *hole) {
    char line[512];
    int count = 0;
    FILE *file = fopen("/proc/self/net/tcp", "re");
    check_need(file != NULL, "/proc/self/net/tcp");
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned local, remote, state;
        if (sscanf(line, " %*u: %*x:%x %*x:%x %x", &local, &remote, &state) != 3) continue;
        if ((int)remote != port || state != TCP_SYN_SENT) continue;
        count++;
        for (int n = 0; n < HOLE_FILLERS; n++) count -= endpoint_port(hole->fillers[n]) == (int)local;
    }
    check_need(fclose(file) == 0, "fclose");
    return count;
}

/* Waits for the first request, and then until the second is attempted. Returns 0 if it is not. */
static int await_second(struct scripted *scripted, enum way way, struct hole *hole) {
    int port = scripted->port, is_asked = 0;
    if (way == IS_ASKED) return CHECK(scripted_await(scripted, &scripted->requests, 2));
    if (!CHECK(scripted_await(scripted, &scripted->requests, 1))) return 0;
    scripted_accept_no_more(scripted);
    if (way == IS_REFUSED) {
        long before = failed_attempts();
        scripted_close(scripted);
        AWAIT(is_asked = failed_attempts() > before);
        return is_asked;
    }
    *hole = hole_make(scripted->listener);
    AWAIT(is_asked = connecting_to(port, hole) > 0);
    return is_asked;
}

static void play(const struct scene *scene, int is_many) {
    struct scripted *scripted = scripted_start();
    struct hole hole;
    struct asker asker = {.is_many = is_many};
    struct act next = {.status = "200 OK", .body = scene->next_allowed ? ALLOWS_IT : DENIES_IT};
    int count = scene->way == IS_ASKED ? 2 : 1, is_asked;
    asker.client = impatient(scripted);
    scripted_set(scripted, scene->acts, count, next);
    check_need(pthread_create(&asker.thread, NULL, ask, &asker) == 0, "pthread_create");
    is_asked = await_second(scripted, scene->way, &hole);
    if (!scene->late) scripted_open_gate(scripted);
    check_need(pthread_join(asker.thread, NULL) == 0, "pthread_join");
    if (is_asked) expect(&asker, scene->status, scene->allowed);
    if (is_asked && scene->late) {
        scripted_open_gate(scripted);
        CHECK(scripted_await(scripted, &scripted->answers, 2));
    }
    if (!is_asked) {
        fprintf(stderr, "    %s: no second request was sent\n", check_about);
    } else if (scene->way == IS_ASKED) {
        expect_next(&asker, scene->next_allowed);
        expect_next(&asker, scene->next_allowed);
        CHECK(scripted_requests(scripted) == 4);
    } else {
        /* They use the connection of the first request, which is still good. */
        expect_next(&asker, scene->next_allowed);
    }
    if (is_asked && scene->way == IS_SWALLOWED) hole_open(&hole, scripted->listener);
    mid_client_free(asker.client);
    scripted_stop(scripted);
}

/* Both answers come at the same moment. Either one counts, and the call returns one of the two. */
static void race(int is_many) {
    static const struct act acts[] = {{DENIES_REPLY, .gate = 1}, {ALLOWS_REPLY, .gate = 1}};
    struct scripted *scripted = scripted_start();
    struct asker asker = {.is_many = is_many};
    asker.client = impatient(scripted);
    scripted_set(scripted, acts, 2, (struct act){DENIES_REPLY});
    check_need(pthread_create(&asker.thread, NULL, ask, &asker) == 0, "pthread_create");
    CHECK(scripted_await(scripted, &scripted->requests, 2));
    scripted_open_gate(scripted);
    check_need(pthread_join(asker.thread, NULL) == 0, "pthread_join");
    CHECK_STATUS(MID_OK, asker.status);
    CHECK(asker.allowed == 0 || asker.allowed == 1);
    CHECK(scripted_await(scripted, &scripted->answers, 2));
    expect_next(&asker, 0);
    expect_next(&asker, 0);
    mid_client_free(asker.client);
    scripted_stop(scripted);
}

/* If the second request fails, a third is sent after the same time again, and no sooner. */
static void again(int is_many) {
    static const struct act acts[] = {{SILENCE}, {NOTHING, .closes = 1}};
    struct scripted *scripted = scripted_start();
    struct asker asker = {.is_many = is_many, .client = impatient(scripted)};
    scripted_set(scripted, acts, 2, (struct act){ALLOWS_REPLY});
    expect_next(&asker, 1);
    CHECK(scripted_requests(scripted) == 3);
    CHECK(asker.took >= 2 * timeout_ms() / 4);
    mid_client_free(asker.client);
    scripted_stop(scripted);
}

/*
 * Ten calls get no answer, and each request is sent a second time. The first of these gets 503, the next one an answer,
 * and as many as there may be at once, which is eight, stay silent; the last of them is paid for by the answers to
 * other calls. The 503 is still the result of its call, and in good time.
 */
static void crowd(void) {
    enum { CALLS = 10, OTHERS = 10, SECOND = CALLS, OTHER = SECOND + 9, LAST = OTHER + OTHERS };
    struct act acts[LAST + 1] = {[SECOND] = {OUTAGE_REPLY}, [SECOND + 1] = {ALLOWS_REPLY}};
    struct scripted *scripted = scripted_start();
    struct asker askers[CALLS], other = {.client = impatient(scripted)};
    int unavailable = 0, allowed = 0, timed_out = 0;
    for (int n = OTHER; n < LAST; n++) acts[n] = (struct act){ALLOWS_REPLY};
    scripted_set(scripted, acts, LAST + 1, (struct act){ALLOWS_REPLY});
    for (int n = 0; n < CALLS; n++) {
        askers[n] = (struct asker){.client = other.client};
        check_need(pthread_create(&askers[n].thread, NULL, ask, &askers[n]) == 0, "pthread_create");
    }
    CHECK(scripted_await(scripted, &scripted->requests, OTHER));
    for (int n = 0; n < OTHERS; n++) expect_next(&other, 1);
    CHECK(scripted_await(scripted, &scripted->requests, LAST + 1));
    for (int n = 0; n < CALLS; n++) {
        check_need(pthread_join(askers[n].thread, NULL) == 0, "pthread_join");
        unavailable += askers[n].status == MID_UNAVAILABLE;
        allowed += askers[n].status == MID_OK && askers[n].allowed == 1;
        timed_out += askers[n].status == MID_TIMEOUT;
        CHECK(askers[n].status == MID_OK || askers[n].allowed == 0);
    }
    CHECK(unavailable == 1);
    CHECK(allowed == 1);
    CHECK(timed_out == CALLS - 2);
    mid_client_free(other.client);
    scripted_stop(scripted);
}

/* A guard's check is sent twice: the second request is answered at once, and the first once the guard has that
 * answer. */
static void guarded(const char *late_body, const char *body, int stays_on) {
    struct act acts[] = {
        {ALLOWS_REPLY}, {.status = "200 OK", .body = late_body, .gate = 1}, {.status = "200 OK", .body = body}};
    struct scripted *scripted = scripted_start();
    mid_guard *guard = NULL;
    mid_client *client;
    client = impatient(scripted);
    scripted_set(scripted, acts, 3, (struct act){ALLOWS_REPLY});
    CHECK_STATUS(MID_OK, mid_guard_start(client, "agent", "{\"interval_ms\":20,\"max_age_ms\":20000}", &guard, NULL));
    CHECK(scripted_await(scripted, &scripted->requests, 3));
    if (stays_on) {
        CHECK(scripted_await(scripted, &scripted->requests, 5));
    } else {
        CHECK_STATUS(MID_OK, mid_guard_wait(guard, 20000));
    }
    scripted_open_gate(scripted);
    CHECK(scripted_await(scripted, &scripted->answers, 3));
    if (stays_on) {
        int requests = scripted_requests(scripted);
        CHECK(scripted_await(scripted, &scripted->requests, requests + 3));
        CHECK(!is_readable(mid_guard_fd(guard)));
    } else {
        CHECK(scripted_requests(scripted) == 3);
        CHECK(is_readable(mid_guard_fd(guard)));
    }
    CHECK(mid_guard_allowed(guard) == stays_on);
    mid_guard_stop(guard);
    mid_client_free(client);
    scripted_stop(scripted);
}

struct player {
    pthread_t thread;
    const struct scene *scene;
    int is_many;
};

static void *play_one(void *argument) {
    const struct player *player = argument;
    char about[96];
    (void)snprintf(about, sizeof about, "%s%s", player->scene->name, player->is_many ? ", many devices" : "");
    check_about = about;
    play(player->scene, player->is_many);
    return NULL;
}

/* Many scenes run at once, because they spend most of their time waiting. */
static void play_all(int is_many, size_t at_once) {
    struct player players[sizeof scenes / sizeof *scenes];
    size_t count = sizeof players / sizeof *players;
    for (size_t n = 0; n < count + at_once; n++) {
        if (n >= at_once && n - at_once < count)
            check_need(pthread_join(players[n - at_once].thread, NULL) == 0, "pthread_join");
        if (n >= count) continue;
        players[n] = (struct player){.scene = &scenes[n], .is_many = is_many};
        check_need(pthread_create(&players[n].thread, NULL, play_one, &players[n]) == 0, "pthread_create");
    }
}

/* Makes the first call of the process, which initialises libcurl. */
static void prepare(void) {
    struct scripted *scripted = scripted_start();
    mid_client *client = scripted_client(scripted, "");
    int allowed = 0;
    CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
    CHECK(allowed == 1);
    mid_client_free(client);
    scripted_stop(scripted);
}

int main(int count, char **arguments) {
    int times = count > 1 ? atoi(arguments[1]) : 3;
    size_t at_once = count > 2 ? (size_t)atoi(arguments[2]) : sizeof scenes / sizeof *scenes;
    prepare();
    for (int is_many = 0; is_many < 2; is_many++) {
        play_all(is_many, at_once);
        /* the tests below would also wait for a second request */
        if (atomic_load(&check_failed) > 0) return check_done();
        check_about = "both answers at once";
        for (int n = 0; n < times; n++) race(is_many);
        check_about = "the second request fails";
        again(is_many);
    }
    check_about = "ten calls at once";
    crowd();
    check_about = "a guard, and an allow that comes after a denial";
    guarded(ALLOWS_IT, DENIES_IT, 0);
    check_about = "a guard, and a denial that comes after an allow";
    guarded(DENIES_IT, ALLOWS_IT, 1);
    check_about = "";
    return check_done();
}
