#include "common.hpp"

#include <doctest/doctest.h>
#include <list>
#include <string_view>
#include <sys/socket.h>
#include <type_traits>
#include <vector>

using machineid::client;
using machineid::error;
using machineid::options;

TEST_CASE("an allow is a decision") {
    registered with;
    auto decision = with.client.validate(device);
    REQUIRE(decision);
    CHECK(decision.has_value());
    CHECK(*decision);
    CHECK(decision->code() == "ALLOW");
    CHECK(decision->request_id().size() == 36);
    CHECK(decision->reply()["deviceId"].string() == device);
    CHECK(decision->reply().text().rfind("{\"allowed\":true", 0) == 0);
    CHECK(with.client.allows(device));
    CHECK_NOTHROW(with.client.require(device));
    CHECK(decision.error().status() == MID_INTERNAL);
}

TEST_CASE("no condition lets a denied device work") {
    registered with;
    with.client.revoke(device).value();
    for (std::string_view id : {std::string_view(device), std::string_view("never")}) {
        auto decision = with.client.validate(id);
        CHECK_FALSE(decision);
        CHECK_FALSE(decision.has_value());
        CHECK_FALSE(with.client.allows(id));
        CHECK_FALSE(with.client.start_guard(id));
        CHECK_FALSE(with.client.validate_many({device, id}));
        CHECK_THROWS_AS(with.client.require(id), error);
        CHECK_THROWS_AS((void)*decision, error);
        CHECK_THROWS_AS((void)decision->code(), error);
        error denial = decision.error();
        CHECK(denial.is_denied());
        CHECK_FALSE(denial.is_no_answer());
        CHECK(denial.status_name() == std::string("MID_OK"));
        CHECK(denial.request_id().size() == 36);
        std::string said = denial.what();
        CHECK(said.find(denial.request_id()) != said.npos);
        CHECK(said.find(denial.code()) != said.npos);
    }
}

TEST_CASE("the operations answer") {
    registered with;
    const auto &client = with.client;
    CHECK(client.register_device(device).value()["status"].string() == "exists");
    CHECK(client.list_devices().value()["devices"].size() == 1);
    auto usage = client.usage().value();
    CHECK(usage["planTier"].kind() == machineid::json::type::string);
    CHECK(usage["devicesUsed"].integer() == 1);
    CHECK(usage["none"]["none"].is_null());
    for (const auto &one : client.list_devices().value()["devices"].items()) CHECK(one["deviceId"].string() == device);
    client.revoke(device).value();
    client.unrevoke(device).value();
    client.revoke(device).value();
    client.restore(device).value();
    CHECK(client.allows(device));
    client.remove(device).value();
    auto again = client.remove(device);
    CHECK_FALSE(again);
    CHECK(again.error().status() == MID_REFUSED);
    CHECK(again.error().code() == "device_not_found");
    CHECK(again.error().request_id().size() == 36);
    CHECK_FALSE(again.error().is_denied());
}

TEST_CASE("stats count") {
    registered with;
    CHECK(with.client.allows(device));
    auto stats = with.client.stats().value();
    CHECK(stats["calls"]["validate"]["statuses"]["MID_OK"].integer() == 1);
    CHECK(stats["decisions"]["allowed"]["ALLOW"].integer() == 1);
    with.client.cancel();
    CHECK(with.client.stats());
}

TEST_CASE("many are asked at once") {
    registered with;
    const auto &client = with.client;
    client.register_device("revoked").value();
    client.revoke("revoked").value();
    std::vector<std::string> ids = {device, "revoked", std::string("a\0b", 3), "never", "", device};
    auto decisions = client.validate_many(ids);
    REQUIRE(decisions.size() == 6);
    CHECK_FALSE(decisions);
    std::vector<mid_status> statuses;
    for (const auto &decision : decisions) statuses.push_back(decision ? -1 : decision.error().status());
    CHECK(statuses ==
          std::vector<mid_status>{-1, MID_OK, MID_INVALID_ARGUMENT, MID_OK, MID_INVALID_ARGUMENT, -1});
    CHECK(decisions[1].error().code() == "DEVICE_REVOKED");
    CHECK(decisions[1].error().request_id().size() == 36);
    CHECK(decisions[2].error().message().find("device_id") != std::string::npos);
    CHECK(decisions[3].error().code() == "DEVICE_NOT_REGISTERED");
    CHECK(decisions[0]->request_id() != decisions[5]->request_id());

    // Ranges of whatever validate() takes.
    CHECK(client.validate_many({device, device}));
    CHECK(client.validate_many(std::list<std::string_view>{device, device}));
    const char *texts[] = {device.c_str(), device.c_str()};
    CHECK(client.validate_many(texts));
    const char *with_null[] = {device.c_str(), nullptr};
    CHECK(client.validate_many(with_null)[1].error().message() == "device_id must not be null");
    CHECK_FALSE(client.validate_many({}));
    CHECK(client.validate_many(std::vector<std::string>()).empty());

    with.authority.outage(key, 503);
    options options;
    options.max_retries = 0;
    auto out = with.authority.client(key, options);
    for (const auto &decision : out.validate_many({device, "revoked"}))
        CHECK(decision.error().status() == MID_UNAVAILABLE);
    client.cancel();
    auto cancelled = client.validate_many({device, device});
    REQUIRE(cancelled.size() == 2);
    for (const auto &decision : cancelled) CHECK(decision.error().status() == MID_CANCELLED);
}

TEST_CASE("an outage names its HTTP status") {
    registered with;
    options options;
    options.max_retries = 0;
    auto client = with.authority.client(key, options);
    with.authority.outage(key, 503, 1);
    auto outage = client.validate(device).error();
    CHECK(outage.status() == MID_UNAVAILABLE);
    CHECK(outage.http_status() == 503);
    CHECK(outage.is_no_answer());
    CHECK_FALSE(outage.is_denied());
    CHECK(client.allows(device));
    auto refused = with.authority.client("org_unknown").validate(device).error();
    CHECK(refused.status() == MID_REFUSED);
    CHECK(refused.http_status() == 0);
    CHECK_FALSE(refused.is_no_answer());
}

TEST_CASE("bad arguments are named") {
    registered with;
    const char *null = nullptr;
    for (const auto &text : {std::string("a\0b", 3), std::string(), std::string("   "), std::string(513, 'x'),
                             std::string("w\xED\xA0\x80")}) {
        auto wrong = with.client.validate(text).error();
        CHECK(wrong.status() == MID_INVALID_ARGUMENT);
        CHECK(wrong.code() == "CLIENT_INVALID_ARGUMENT");
        CHECK(wrong.message().find("device") != std::string::npos);
    }
    CHECK(with.client.validate(null).error().message() == "device_id must not be null");
    CHECK(with.client.register_device(null).error().message() == "device_id must not be null");
    CHECK(with.client.start_guard(null).error().message() == "device_id must not be null");
    CHECK(client::make(null).error().message() == "org_key must not be null");
    options wrong;
    auto status = [&wrong] { return client::make(key, std::exchange(wrong, options{})).error().status(); };
    wrong.timeout_ms = 0;
    CHECK(status() == MID_INVALID_OPTIONS);
    wrong.max_retries = 11;
    CHECK(status() == MID_INVALID_OPTIONS);
    wrong.base_url = "http://example.com";
    CHECK(status() == MID_INVALID_OPTIONS);
    wrong.user_agent = std::string("a\0\"\\\x01", 5);
    CHECK(status() == MID_INVALID_OPTIONS);
    wrong.more = {{"timeout", "1"}};
    CHECK(status() == MID_INVALID_OPTIONS);
    wrong.more = {{"timeout_ms", "1000"}};
    CHECK(client::make(key, wrong));
    options elsewhere;
    elsewhere.env_var = "MACHINEID_NOT_SET";
    CHECK(client::from_env(elsewhere).error().status() == MID_NO_ORG_KEY);
}

TEST_CASE("the key is in no text") {
    emulator authority;
    std::string said = authority.client("org_marker").validate(device).error().what();
    for (const auto &text : {std::string("org_marker\0", 11), std::string("org_m\xC3\xA4rker marker"),
                             "org_" + std::string(600, 'm') + "marker"}) {
        auto made = client::make(text);
        CHECK_FALSE(made);
        said += made.error().what() + made.error().reply().text() + made.error().message();
    }
    CHECK(said.find("marker") == said.npos);
}

TEST_CASE("a closed client says so, and one that was moved from") {
    registered with;
    auto moved = std::move(with.client);
    CHECK(moved.allows(device));
    for (auto closed : {&with.client, &moved}) {
        closed->close();
        CHECK(closed->validate(device).error().message() == "the client is closed or moved from");
        CHECK(closed->usage().error().status() == MID_INVALID_ARGUMENT);
        CHECK(closed->stats().error().status() == MID_INVALID_ARGUMENT);
        CHECK(closed->start_guard(device).error().status() == MID_INVALID_ARGUMENT);
        CHECK(closed->validate_many({device})[0].error().status() == MID_INVALID_ARGUMENT);
        closed->cancel();
    }
}

TEST_CASE("a cancel ends a waiting call") {
    // A listener that nobody accepts from takes connections and never answers.
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(bind(silent, reinterpret_cast<sockaddr *>(&address), length) == 0);
    REQUIRE(listen(silent, 8) == 0);
    REQUIRE(getsockname(silent, reinterpret_cast<sockaddr *>(&address), &length) == 0);
    options options;
    options.base_url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    options.timeout_ms = 60000;
    auto client = client::make(key, options).value();
    auto start = std::chrono::steady_clock::now();
    mid_status status = MID_OK;
    std::thread waiting([&] { status = client.validate(device).error().status(); });
    int call = accept(silent, nullptr, nullptr); // the call has begun
    client.cancel();
    waiting.join();
    CHECK(status == MID_CANCELLED);
    CHECK(std::chrono::steady_clock::now() - start < 30s);
    CHECK(client.validate(device).error().status() == MID_CANCELLED);
    close(call);
    close(silent);
}

TEST_CASE("errors are thrown, copied and caught") {
    static_assert(std::is_nothrow_copy_constructible_v<error> && std::is_nothrow_move_constructible_v<error>);
    static_assert(std::is_base_of_v<std::exception, error>);
    static_assert(!std::is_convertible_v<machineid::result<machineid::decision>, bool>);
    static_assert(!std::is_copy_constructible_v<client> && std::is_nothrow_move_constructible_v<client>);
    auto throws = [] { client::make("org \x01").value(); };
    CHECK_THROWS_AS(throws(), error);
    try {
        throws();
    } catch (const std::exception &problem) {
        CHECK(std::string(problem.what()).find("MID_INVALID_ARGUMENT CLIENT_INVALID_ARGUMENT: ") != std::string::npos);
    }
}

TEST_CASE("the library says what it is") {
    CHECK(machineid::version() == MID_VERSION);
    CHECK(machineid::build_info()["version"].string() == MID_VERSION);
    CHECK(machineid::build_info()["libcurl"]["where"].string() == "inside");
}

#if __cplusplus >= 202002L
TEST_CASE("options are designated") {
    registered with;
    CHECK(client::make(key, {.base_url = with.authority.url(), .timeout_ms = 2000})->allows(device));
    CHECK(with.client.start_guard(device, {.interval_ms = 200}));
}
#endif

#if defined(__cpp_lib_expected)
TEST_CASE("a result is a std::expected where it may be") {
    registered with;
    std::expected<machineid::decision, error> allowed = with.client.validate(device).expected();
    CHECK(allowed.has_value());
    CHECK(with.client.validate("never").expected().error().is_denied());
}
#endif
