// The common scenario: every operation, and the ways in which they fail. bindings/scenario.txt has what it prints.
#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <machineid.hpp>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern char **environ;

namespace {

using namespace std::chrono_literals;
using machineid::client;
using machineid::error;
using clock_type = std::chrono::steady_clock;

const std::string device = "worker:prod:queue-consumer:07";
const std::string org_key = "org_bindings";

std::string variable(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}

std::string id(const std::string &request_id) {
    return "request_id=" + std::to_string(request_id.size()) + " characters";
}

const char *on(bool is_on) { return is_on ? "on" : "off"; }

template <typename Result> std::string decided(const Result &result) {
    return std::string(result ? "MID_OK" : result.error().status_name()) + " allowed=" + (result ? "1" : "0");
}

template <typename Result> std::string failed(const Result &result) {
    return decided(result) + ' ' + (result ? "" : result.error().code());
}

void tell(const client &client) {
    auto decision = client.validate(device);
    std::cout << "validate: " << decided(decision) << " code=";
    if (decision) std::cout << decision->code() << '\n';
    else std::cout << decision.error().code() << ' ' << id(decision.error().request_id()) << '\n';
}

// Tells the emulator to begin or to end an outage.
void outage(std::string body) {
    std::string program = "ask", path = "/emulator/outage";
    char *words[] = {program.data(), path.data(), body.data(), nullptr};
    pid_t process = 0;
    int status = -1;
    if (posix_spawnp(&process, "ask", nullptr, nullptr, words, environ) != 0) std::abort();
    if (waitpid(process, &status, 0) != process || status != 0) std::abort();
}

// The exit status of a child that does what is given.
template <typename Work> int forked(Work work) {
    pid_t process = fork();
    if (process == 0) _exit(work());
    int status = -1;
    waitpid(process, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

std::string nothing(const std::string &done) { return done.empty() ? "nothing done" : done; }

// Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
// let it work. Conditions that must not compile are in misuse.cpp.
void never_registered(const client &client) {
    std::string done;
    if (client.validate("never")) done += " if";
    if (!client.validate("never")) {
    } else {
        done += " not";
    }
    if (client.validate("never") && true) done += " and";
    if (auto decision = client.validate("never")) done += " auto";
    if (auto decision = client.validate("never"); decision.has_value()) done += " has_value";
    while (client.validate("never")) {
        done += " while";
        break;
    }
    if (client.allows("never")) done += " allows";
    try {
        client.require("never");
        done += " require";
    } catch (const error &denial) {
        std::cout << "never registered: " << nothing(done) << '\n';
        std::cout << "never registered: " << denial.status_name() << ' ' << denial.code() << ' '
                  << id(denial.request_id()) << '\n';
    }
}

void many(const client &client) {
    auto decisions = client.validate_many({device, "never", "", device});
    std::string allowed, codes;
    for (const auto &decision : decisions) {
        allowed += decision ? " 1" : " 0";
        codes += ' ' + (decision ? decision->code() : decision.error().code());
    }
    std::cout << "many:" << allowed << "\nmany:" << codes << '\n';
    auto none = client.validate_many({});
    std::cout << "many: none asked, " << none.size() << " decisions\n";
    std::string done;
    if (none) done += " none";
    if (client.validate_many({device, "never"})) done += " if";
    if (client.validate_many(std::vector<std::string>{device, "never"})) done += " vector";
    std::cout << "many, one never registered: " << nothing(done) << '\n';
}

// Registers the device, and returns what the authority says.
std::string registered(const client &client) { return client.register_device(device).value()["status"].string(); }

void devices(const client &client) {
    for (const char *step : {"register", "register again"})
        std::cout << step << ": MID_OK status=" << registered(client) << '\n';
    tell(client);
    if (client.validate(device)) std::cout << "work: one unit done\n";

    std::vector<std::future<int>> threads;
    for (int i = 0; i < 8; i++)
        threads.push_back(std::async(std::launch::async, [&client] {
            int allowed = 0;
            for (int j = 0; j < 4; j++) allowed += client.allows(device);
            return allowed;
        }));
    int allowed = 0;
    for (auto &thread : threads) allowed += thread.get();
    std::cout << "threads: " << allowed << " of 32 allowed\n";

    auto word = [](bool is_allowed) { return is_allowed ? "allowed" : "denied"; };
    int child = forked([&client] { return client.validate(device) ? 0 : 1; });
    std::cout << "fork: parent " << word(client.allows(device)) << ", child " << word(child == 0) << '\n';

    client.revoke(device).value();
    std::cout << "revoke: MID_OK\n";
    tell(client);
    std::cout << "register revoked: MID_OK status=" << registered(client) << '\n';
    client.unrevoke(device).value();
    std::cout << "unrevoke: MID_OK\n";
    tell(client);
    client.restore(device).value();
    std::cout << "restore: MID_OK\n";
    std::cout << "list: MID_OK " << client.list_devices().value()["devices"].size() << " device\n";
    std::cout << "usage: MID_OK planTier=" << client.usage().value()["planTier"].string() << '\n';
    auto umlaut = client.validate("w\xC3\xB6rker:prod:07");
    std::cout << "umlaut device: " << decided(umlaut) << '\n';
}

void guards(const client &client) {
    constexpr auto interval = 200ms;
    machineid::guard_options options;
    options.interval_ms = interval.count();
    auto guard = client.start_guard(device, options).value();
    std::cout << "guard: " << on(bool(guard)) << '\n';
    outage(R"({"httpStatus":503})");
    (void)guard.wait_until_off(30s);
    auto known = guard.decision().value();
    std::cout << "guard: " << name(known.state) << " in an outage, " << known.failure.value().code() << '\n';
    outage("{}");
    for (auto end = clock_type::now() + 30s; !guard && clock_type::now() < end;) std::this_thread::sleep_for(5ms);
    std::cout << "guard: " << on(bool(guard)) << " again after it\n";
    int child = forked([&] {
        auto started = client.start_guard(device);
        return (guard ? 1 : 0) + (started ? 2 : 0);
    });
    std::cout << "guard, fork: " << on(bool(guard)) << " in the parent, " << on(child & 1) << " in the child, "
              << on(child & 2) << " in a new one of the child\n";

    auto begin = clock_type::now();
    client.revoke(device).value();
    (void)guard.wait_until_off(30s);
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_type::now() - begin);
    auto slack = std::chrono::milliseconds(std::atoi(variable("CHECK_SLACK_MS").c_str()));
    auto bound = interval + interval / 10 + 1s + slack;
    known = guard.decision().value();
    std::cout << "guard: " << name(known.state)
              << (took <= bound ? " within its interval" : " after " + std::to_string(took.count()) + " ms") << ", "
              << known.decision.code() << ' ' << id(known.decision.request_id()) << '\n';
    client.unrevoke(device).value();
    client.require(device);
    std::cout << "guard: still " << name(guard.decision()->state) << " after unrevoke\n";
    auto stopped = client.start_guard(device);
    stopped->stop();
    std::cout << "guard, stopped: " << on(bool(stopped)) << '\n';
    std::string done;
    if (client.start_guard("never")) done += " if";
    auto never = client.start_guard("never");
    while (never) {
        done += " while";
        break;
    }
    std::cout << "guard, never registered: " << nothing(done) << '\n';
}

// A bad argument is an error that names the parameter.
template <typename Text> void bad(const char *step, const client &client, const Text &text) {
    auto decision = client.validate(text);
    std::string said = decision ? "asked" : decision.error().what();
    bool is_it = !decision && decision.error().status() == MID_INVALID_ARGUMENT &&
                 decision.error().message().find("device_id") != std::string::npos;
    std::cout << step << ": " << (is_it ? "an argument error that names it" : said) << '\n';
}

void refused(const client &client) {
    auto again = client.remove(device).error();
    std::cout << "remove again: " << again.status_name() << ' ' << again.code() << ' ' << id(again.request_id())
              << '\n';
    machineid::options options;
    options.timeout_ms = 0;
    auto wrong = client::from_env(options).error();
    bool is_named = wrong.message().find("timeout_ms") != std::string::npos;
    std::cout << "wrong option: " << wrong.status_name() << ' ' << wrong.code() << ' '
              << (is_named ? "timeout_ms" : wrong.what()) << '\n';
    auto none = client.validate("").error();
    std::cout << "no device: " << none.status_name() << ' ' << none.code() << '\n';
    bad("NUL", client, std::string("a\0b", 3));
    bad("surrogate", client, "w\xED\xA0\x80");
    bad("null", client, static_cast<const char *>(nullptr));
    // A number does not compile: misuse.cpp.
    std::cout << "number: an argument error that names it\n";
    std::string shown;
    for (const std::string &key : {std::string("org_marker\0", 11), std::string("org_marker\xED\xA0\x80"),
                                   std::string("org_marker\n\x7F")}) {
        auto made = client::make(key);
        shown += made ? "accepted: marker" : made.error().what() + made.error().reply().text();
    }
    bool is_shown = shown.find("marker") != std::string::npos;
    std::cout << "secret: " << (is_shown ? shown : "refused, and not shown") << '\n';
    auto closed = client::from_env().value();
    closed.close();
    auto after = closed.validate(device);
    bool says_so = !after && after.error().status() == MID_INVALID_ARGUMENT &&
                   after.error().message().find("closed") != std::string::npos;
    std::cout << "closed: " << (says_so ? "an argument error that says so" : failed(after)) << '\n';
}

client at(const std::string &key, const std::string &url, int timeout_ms, int max_retries) {
    machineid::options options;
    options.base_url = url;
    options.timeout_ms = timeout_ms;
    options.max_retries = max_retries;
    return client::make(key, options).value();
}

void failures() {
    // The reply holds unusual numbers. Its answer counts all the same.
    auto odd = at(org_key, variable("MACHINEID_ODD_URL"), 10000, 2);
    std::cout << "odd numbers: " << decided(odd.validate(device)) << '\n';
    // An outage is neither an answer nor a refusal: the next call may bring an answer.
    auto out = at("org_outage", variable("MACHINEID_BASE_URL"), 10000, 0);
    std::cout << "outage: " << failed(out.validate(device)) << '\n';
    std::cout << "outlived: " << decided(out.validate(device)) << '\n';
    auto unreachable = at(org_key, "http://127.0.0.1:1", 10000, 0);
    std::cout << "unreachable: " << failed(unreachable.validate(device)) << '\n';
    auto slow = at(org_key, variable("MACHINEID_SILENT_URL"), 50, 2);
    std::cout << "timeout: " << failed(slow.validate(device)) << '\n';
}

void cancels() {
    auto client = client::from_env().value();
    client.register_device(device).value();
    auto guard = client.start_guard(device).value();
    auto waiting = at(org_key, variable("MACHINEID_SILENT_URL"), 60000, 2);
    auto said = std::async(std::launch::async, [&waiting] { return decided(waiting.validate(device)); });
    // It is most probably in flight after this; a call to come would be cancelled too.
    std::this_thread::sleep_for(200ms);
    waiting.cancel();
    std::cout << "cancel: a call in flight " << said.get() << '\n';
    client.cancel();
    std::cout << "cancel: a call to come " << decided(client.validate(device)) << '\n';
    (void)guard.wait_until_off(30s);
    std::cout << "cancel: a guard has " << name(guard.decision()->state) << '\n';
}

void scenario() {
    std::cout << std::unitbuf; // each line is written at once, so that fork() copies none
    std::cout << "version " << machineid::version() << '\n';
    auto client = client::from_env().value();
    devices(client);
    never_registered(client);
    many(client);
    guards(client);
    client.remove(device).value();
    std::cout << "remove: MID_OK\n";
    refused(client);
    failures();
    cancels();
}

} // namespace

int main() {
    try {
        scenario();
        return std::cout ? 0 : 1;
    } catch (const std::exception &problem) {
        std::cerr << "scenario: " << problem.what() << '\n';
        return 1;
    }
}
