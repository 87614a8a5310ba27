/*
 * A guard with an authority that revokes, becomes slow, disappears, returns, changes its decision or sends nonsense,
 * and in a process that is stopped and continued. A sampler looks at the guard all the time and must never see a 1 that
 * should be 0.
 */
#include "authority.h"

static const char quick[] = "{\"interval_ms\":50,\"max_age_ms\":400}";
static const char patient[] = "{\"interval_ms\":200,\"max_age_ms\":4000}";

struct scene {
    struct authority *authority;
    mid_client *client;
    mid_guard *guard;
    struct sampler sampler;
};

static void scene_begin_with(struct scene *scene, const char *client_options, const char *options, int max_age_ms) {
    scene->authority = authority_start();
    scene->client = authority_client(scene->authority, client_options);
    scene->guard = guard_start(scene->client, options);
    CHECK(mid_guard_allowed(scene->guard) == 1);
    sampler_start(&scene->sampler, scene->authority, scene->guard, max_age_ms);
}

static void scene_begin(struct scene *scene, const char *options, int max_age_ms) {
    scene_begin_with(scene, "", options, max_age_ms);
}

static void scene_end(struct scene *scene, const char *what) {
    sampler_stop(&scene->sampler, what);
    mid_guard_stop(scene->guard);
    mid_client_free(scene->client);
    authority_stop(scene->authority);
}

static void await_requests(struct scene *scene, int more) {
    int until = atomic_load(&scene->authority->requests) + more;
    AWAIT(atomic_load(&scene->authority->requests) >= until);
}

static void state_is(mid_guard *guard, const char *expected) {
    int allowed = 7;
    char *json = NULL;
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, &json));
    check_reply_text(json, "state", expected);
    CHECK(allowed == (strcmp(expected, "on") == 0));
}

/* While the authority allows at once, there is never a moment without permission. */
static void steady(void) {
    struct scene scene;
    scene_begin(&scene, patient, 4000);
    await_requests(&scene, 6);
    CHECK(atomic_load(&scene.sampler.zeros) == 0);
    scene_end(&scene, "steady");
}

static void revoked(const char *options, int interval_ms, int max_age_ms, int delay_ms) {
    struct scene scene;
    scene_begin(&scene, options, max_age_ms);
    atomic_store(&scene.authority->delay_ms, delay_ms);
    await_requests(&scene, 5);
    double from = check_now_ms();
    atomic_store(&scene.authority->mood, DENIES);
    CHECK_STATUS(MID_OK, mid_guard_wait(scene.guard, 10000));
    CHECK(check_now_ms() - from <= 1.1 * interval_ms + delay_ms + check_slack_ms());
    state_is(scene.guard, "denied");
    /* After a denial the authority is not asked again, even if it would allow now. */
    atomic_store(&scene.authority->mood, ALLOWS);
    int asked = atomic_load(&scene.authority->requests);
    pause_ms(300);
    CHECK(atomic_load(&scene.authority->requests) == asked);
    CHECK(mid_guard_allowed(scene.guard) == 0);
    state_is(scene.guard, "denied");
    scene_end(&scene, "revoked");
}

/* Whatever prevents a decision, the guard lapses, reports that, and is on again after the next allow. */
static void gone(enum mood mood, const char *what) {
    struct scene scene;
    scene_begin(&scene, quick, 400);
    await_requests(&scene, 3);
    atomic_store(&scene.authority->mood, (int)mood);
    CHECK_STATUS(MID_OK, mid_guard_wait(scene.guard, 10000));
    state_is(scene.guard, "lapsed");
    pause_ms(200);
    CHECK(mid_guard_allowed(scene.guard) == 0);
    atomic_store(&scene.authority->mood, ALLOWS);
    AWAIT(mid_guard_allowed(scene.guard) == 1);
    state_is(scene.guard, "on");
    scene_end(&scene, what);
}

/* A guard that is asked to wait a second does so, however short its interval, and lapses when it would have done so
 * anyway. */
static void put_off(void) {
    struct scene scene;
    scene_begin(&scene, quick, 400);
    await_requests(&scene, 3);
    atomic_store(&scene.authority->mood, PUTS_OFF);
    CHECK_STATUS(MID_OK, mid_guard_wait(scene.guard, 10000));
    double age = (double)(now_ns() - atomic_load(&scene.authority->last_allow)) / 1e6;
    CHECK(age >= 400 - check_slack_ms() && age <= 400 + check_slack_ms());
    state_is(scene.guard, "lapsed");
    await_requests(&scene, 3);
    CHECK(atomic_load(&scene.authority->least_pause) >= 1000000000);
    atomic_store(&scene.authority->mood, ALLOWS);
    AWAIT(mid_guard_allowed(scene.guard) == 1);
    scene_end(&scene, "Retry-After, and back");
}

/*
 * An authority that becomes slow does not make the guard lapse, neither at the change nor later, even if answers take
 * so long that a second check is made beside each, which is after 1450 ms here.
 */
static void slow(void) {
    static const int delays[] = {900, 1800};
    for (int n = 0; n < 2; n++) {
        struct scene scene;
        scene_begin(&scene, "{\"interval_ms\":1000,\"max_age_ms\":4000}", 4000);
        await_requests(&scene, 1);
        atomic_store(&scene.authority->delay_ms, delays[n]);
        /* At first the client sends second requests, until it knows how long answers take here. */
        await_requests(&scene, 8);
        atomic_store(&scene.authority->most_busy, 0);
        await_requests(&scene, 6);
        CHECK(atomic_load(&scene.sampler.zeros) == 0);
        CHECK(atomic_load(&scene.authority->most_busy) == 1 + (delays[n] > 1450));
        scene_end(&scene, "slow");
    }
}

/* One request that is never answered leaves time for another, beside it or in its place, so the guard stays on. */
static void hung(const char *client_options) {
    struct scene scene;
    scene_begin_with(&scene, client_options, "{\"interval_ms\":500,\"max_age_ms\":4000}", 4000);
    for (int n = 0; n < 2; n++) {
        atomic_store(&scene.authority->ignores, 1);
        AWAIT(atomic_load(&scene.authority->ignores) == 0);
        await_requests(&scene, 3);
    }
    CHECK(atomic_load(&scene.sampler.zeros) == 0);
    state_is(scene.guard, "on");
    scene_end(&scene, "one check hangs");
}

/* There is one connection for two guards. A hanging check of one guard does not keep the other from its checks. */
static void crowded(void) {
    struct scene scene;
    struct sampler sampler;
    scene_begin_with(&scene, ",\"max_connections\":1", "{\"interval_ms\":500,\"max_age_ms\":5000}", 5000);
    mid_guard *other = guard_start(scene.client, "{\"interval_ms\":500,\"max_age_ms\":5000}");
    sampler_start(&sampler, scene.authority, other, 5000);
    await_requests(&scene, 4);
    atomic_store(&scene.authority->ignores, 1);
    AWAIT(atomic_load(&scene.authority->ignores) == 0);
    await_requests(&scene, 4);
    CHECK(atomic_load(&scene.sampler.zeros) == 0 && atomic_load(&sampler.zeros) == 0);
    sampler_stop(&sampler, "one of two guards hangs");
    mid_guard_stop(other);
    scene_end(&scene, "and the other guard");
}

static void flapping(void) {
    static const enum mood moods[] = {IS_BUSY, ALLOWS, HANGS_UP, ALLOWS, TELLS_NONSENSE, IS_SILENT, ALLOWS, REFUSES};
    struct scene scene;
    scene_begin(&scene, quick, 400);
    for (int n = 0; n < 24; n++) {
        atomic_store(&scene.authority->mood, (int)moods[n % 8]);
        pause_ms(30 + n * 37 % 90);
    }
    atomic_store(&scene.authority->mood, ALLOWS);
    AWAIT(mid_guard_allowed(scene.guard) == 1);
    scene_end(&scene, "flapping");
}

/* The process is stopped for longer than an allow lasts: when it continues, the guard is off. */
static void stopped(void) {
    struct authority *authority = authority_start();
    (void)fflush(NULL);
    pid_t process = fork();
    check_need(process >= 0, "fork");
    if (process == 0) {
        struct sampler sampler;
        mid_client *client = authority_client(authority, "");
        mid_guard *guard = guard_start(client, quick);
        sampler_start(&sampler, authority, guard, 400);
        AWAIT(atomic_load(&authority->requests) >= 100);
        sampler_stop(&sampler, "stopped and continued");
        mid_guard_stop(guard);
        mid_client_free(client);
        (void)fflush(NULL);
        child_done();
    }
    for (int n = 0; n < 4; n++) {
        int status = 0;
        int asked = atomic_load(&authority->requests);
        AWAIT(atomic_load(&authority->requests) >= asked + 5);
        check_need(kill(process, SIGSTOP) == 0 && waitpid(process, &status, WUNTRACED) == process, "SIGSTOP");
        CHECK(WIFSTOPPED(status));
        pause_ms(n % 2 == 0 ? 700 : 200);
        check_need(kill(process, SIGCONT) == 0, "SIGCONT");
    }
    child_await(process, "the process that was stopped");
    authority_stop(authority);
}

int main(void) {
    steady();
    revoked(quick, 50, 400, 0);
    revoked(patient, 200, 4000, 100);
    gone(IS_SILENT, "silent, and back");
    gone(IS_BUSY, "busy, and back");
    gone(HANGS_UP, "hangs up, and back");
    gone(REFUSES, "refuses, and back");
    gone(TELLS_NONSENSE, "nonsense, and back");
    put_off();
    slow();
    hung("");
    hung(",\"max_connections\":1");
    crowded();
    flapping();
    stopped();
    return check_done();
}
