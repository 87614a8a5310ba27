#include "common.hpp"

#include <cstdint>
#include <ctime>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <vector>

using machineid::guard;
using machineid::guard_options;
using machineid::guard_state;

namespace {

constexpr auto interval = 200ms;

guard_options often() {
    guard_options options;
    options.interval_ms = interval.count();
    return options;
}

/// An interval, a tenth, and a second for a busy machine.
std::chrono::milliseconds bound() { return interval + interval / 10 + 1s + slack(); }

auto now() { return std::chrono::steady_clock::now(); }

/// The processor time that this process has used.
std::chrono::milliseconds used() { return std::chrono::milliseconds(std::clock() * 1000 / CLOCKS_PER_SEC); }

} // namespace

TEST_CASE("a revoked guard ends") {
    registered with;
    auto guard = with.client.start_guard(device, often());
    REQUIRE(guard);
    CHECK(guard->allowed());
    CHECK(*guard);
    CHECK_FALSE(guard->wait_until_off(0s));
    with.client.revoke(device).value();
    auto revoked = now();
    guard->wait_until_off();
    CHECK(now() - revoked < bound());
    CHECK_FALSE(guard);
    CHECK_FALSE(*guard);
    CHECK(guard.has_value());
    CHECK(guard.error().is_denied());
    CHECK(guard.error().code() == "DEVICE_REVOKED");
    CHECK(guard.error().request_id().size() == 36);
    auto known = guard->decision();
    CHECK_FALSE(known);
    CHECK_FALSE(*known);
    CHECK(known->state == guard_state::denied);
    CHECK(known->decision.code() == "DEVICE_REVOKED");
    CHECK(known.error().is_denied());
    with.client.unrevoke(device).value();
    CHECK(with.client.allows(device));
    CHECK_FALSE(guard);
}

TEST_CASE("the descriptor of a denied guard is readable, and waiting for it is idle") {
    registered with;
    auto guard = with.client.start_guard(device, often()).value();
    pollfd end{guard.fd(), POLLIN, 0};
    REQUIRE(end.fd >= 0);
    CHECK(guard.fd() == end.fd);
    CHECK(poll(&end, 1, 0) == 0);
    auto before = used();
    std::chrono::steady_clock::time_point revoked;
    // A second and more of waiting: a busy thread would use all of it.
    std::thread revoking([&] {
        std::this_thread::sleep_for(1500ms);
        with.client.revoke(device).value();
        revoked = now();
    });
    CHECK(poll(&end, 1, 60000) == 1);
    revoking.join();
    CHECK(now() - revoked < bound());
    CHECK((used() - before).count() < 750);
    CHECK_FALSE(guard);
    CHECK(guard.why().is_denied());
}

TEST_CASE("a guard lapses and comes back") {
    registered with;
    guard_options options;
    options.interval_ms = 50;
    options.max_age_ms = 1000;
    auto guard = with.client.start_guard(device, options);
    with.authority.outage(key, 503);
    CHECK(guard->wait_until_off(30s));
    auto known = guard->decision().value();
    CHECK(known.state == guard_state::lapsed);
    CHECK(known.failures > 0);
    CHECK(known.checks > known.failures);
    CHECK(known.age >= 1000ms);
    REQUIRE(known.failure);
    CHECK(known.failure->code() == "CLIENT_UNAVAILABLE");
    CHECK(guard.error().status() == MID_UNAVAILABLE);
    CHECK(guard.error().http_status() == 503);
    with.authority.end_outage(key);
    CHECK(comes([&] { return bool(guard); }));
    CHECK(guard->decision());
}

TEST_CASE("a guard ends with its client, which it may outlive") {
    std::vector<guard> guards;
    {
        registered with;
        for (int i = 0; i < 3; i++) guards.push_back(with.client.start_guard(device, often()).value());
        CHECK(guards[0]);
        with.client.cancel();
        CHECK_FALSE(guards[0]);
        CHECK(guards[0].wait_until_off(30s));
    }
    for (auto &one : guards) {
        CHECK_FALSE(one);
        CHECK(one.decision()->state == guard_state::ended);
        CHECK(one.why().status() == MID_CANCELLED);
    }
}

TEST_CASE("a guard that is stopped or moved from is off") {
    registered with;
    auto first = with.client.start_guard(device).value();
    auto second = std::move(first);
    CHECK(second);
    for (auto off : {&first, &second}) {
        off->stop();
        CHECK_FALSE(*off);
        CHECK(off->wait_until_off(1h));
        off->wait_until_off();
        CHECK(off->decision().error().status() == MID_INVALID_ARGUMENT);
        CHECK(off->why().status() == MID_CANCELLED);
        CHECK(off->fd() == -1);
    }
}

TEST_CASE("any duration can be waited for") {
    registered with;
    auto guard = with.client.start_guard(device).value();
    CHECK_FALSE(guard.wait_until_off(-1s));
    CHECK_FALSE(guard.wait_until_off(1ns));
    CHECK_FALSE(guard.wait_until_off(std::chrono::duration<double>(0.001)));
    std::thread ending([&] {
        std::this_thread::sleep_for(50ms);
        with.client.cancel();
    });
    CHECK(guard.wait_until_off(std::chrono::hours::max()));
    ending.join();
}

TEST_CASE("bad options are named") {
    registered with;
    guard_options options;
    options.interval_ms = 19;
    auto wrong = with.client.start_guard(device, options).error();
    CHECK(wrong.status() == MID_INVALID_OPTIONS);
    CHECK(wrong.message().find("interval_ms") != std::string::npos);
    CHECK(with.client.start_guard(std::string("a\0b", 3)).error().status() == MID_INVALID_ARGUMENT);
}

TEST_CASE("in a child of fork a guard is off, and a new one can be started") {
    registered with;
    auto guard = with.client.start_guard(device).value();
    pid_t child = fork();
    if (child == 0) {
        bool is_right = !guard && guard.why().status() == MID_CANCELLED && with.client.start_guard(device) &&
                        with.client.allows(device);
        _exit(is_right ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    CHECK(guard);
}
