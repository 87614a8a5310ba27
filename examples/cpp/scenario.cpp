// scenario.cpp - every operation of machineid.hpp, and the ways in which they fail.
#include "machineid.hpp"

#include <cstdlib>
#include <future>
#include <iostream>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using machineid::name;

static const std::string device = "worker:prod:queue-consumer:07";

static int four_times(const machineid::client &client) {
    int allowed = 0;
    for (int i = 0; i < 4; i++) allowed += client.allows(device);
    return allowed;
}

static void threads(const machineid::client &client) {
    std::vector<std::future<int>> started;
    for (int i = 0; i < 8; i++) started.push_back(std::async(std::launch::async, [&] { return four_times(client); }));
    int allowed = 0;
    for (auto &one : started) allowed += one.get();
    std::cout << "threads: " << allowed << " of 32 allowed\n";
}

// The child reports its result through its exit status.
static void forked(const machineid::client &client) {
    auto word = [](bool allowed) { return allowed ? "allowed" : "denied"; };
    pid_t child = fork();
    if (child == 0) _exit(client.validate(device) ? 0 : 1);
    auto parent = client.validate(device);
    int ended = -1;
    waitpid(child, &ended, 0);
    std::cout << "fork: parent " << word(parent.allowed) << ", child " << word(ended == 0) << '\n';
}

// Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
// let it work. Conditions that must not compile are in Tests/bindings/misuse.
static void never_registered(const machineid::client &client) {
    std::string done;
    if (client.validate("never")) done += " if";
    if (!client.validate("never")) {
    } else {
        done += " not";
    }
    if (client.validate("never") && true) done += " and";
    if (auto decision = client.validate("never")) done += " auto";
    while (client.validate("never")) return;
    if (client.allows("never")) done += " allows";
    try {
        client.require("never");
        done += " require";
    } catch (const machineid::error &error) {
        std::cout << "never registered:" << (done.empty() ? " nothing done" : done) << '\n';
        std::cout << "never registered: " << name(error.status) << ' ' << error.code
                  << " request_id=" << error.request_id.value_or("").size() << " characters\n";
    }
}

// A bad argument must raise the language's argument error, which names the parameter.
template <typename Text> static void refused(const char *step, const machineid::client &client, const Text &text) {
    std::string said = "asked";
    try {
        auto decision = client.validate(text);
        if (decision.status == MID_INVALID_ARGUMENT) said = decision.reply["message"].template get<std::string>();
    } catch (const std::invalid_argument &problem) {
        said = problem.what();
    }
    bool is_it = said.find("device_id") != std::string::npos;
    std::cout << step << ": " << (is_it ? "an argument error that names it" : said) << '\n';
}

// Gives a key that cannot be sent; the error must not show it.
static void secret() {
    std::string said = "accepted: marker";
    try {
        machineid::client client(std::string("org_marker\0", 11));
    } catch (const std::invalid_argument &problem) {
        said = problem.what();
    }
    bool is_shown = said.find("marker") != std::string::npos;
    std::cout << "secret: " << (is_shown ? said : "refused, and not shown") << '\n';
}

static int scenario() {
    std::cout << std::unitbuf; // Each line is written at once, so fork() copies none.
    std::cout << "version " << machineid::version() << '\n';
    auto client = machineid::client::from_env();

    auto reply = client.register_device(device);
    std::cout << "register: MID_OK status=" << reply["status"].get<std::string>() << '\n';
    reply = client.register_device(device);
    std::cout << "register again: MID_OK status=" << reply["status"].get<std::string>() << '\n';

    auto decision = client.validate(device);
    std::cout << "validate: " << name(decision.status) << " allowed=" << decision.allowed << " code=" << decision.code
              << '\n';
    if (decision) std::cout << "work: one unit done\n";

    threads(client);
    forked(client);

    client.revoke(device);
    std::cout << "revoke: MID_OK\n";
    decision = client.validate(device);
    std::cout << "validate: " << name(decision.status) << " allowed=" << decision.allowed << " code=" << decision.code
              << " request_id=" << decision.request_id.value_or("").size() << " characters\n";
    reply = client.register_device(device);
    std::cout << "register revoked: MID_OK status=" << reply["status"].get<std::string>() << '\n';

    client.unrevoke(device);
    std::cout << "unrevoke: MID_OK\n";
    decision = client.validate(device);
    std::cout << "validate: " << name(decision.status) << " allowed=" << decision.allowed << " code=" << decision.code
              << '\n';
    client.restore(device);
    std::cout << "restore: MID_OK\n";

    std::cout << "list: MID_OK " << client.list_devices()["devices"].size() << " device\n";
    std::cout << "usage: MID_OK planTier=" << client.usage()["planTier"].get<std::string>() << '\n';
    decision = client.validate("w\u00F6rker:prod:07");
    std::cout << "umlaut device: " << name(decision.status) << " allowed=" << decision.allowed << '\n';

    never_registered(client);
    client.remove(device);
    std::cout << "remove: MID_OK\n";
    try {
        client.remove(device);
    } catch (const machineid::error &error) {
        std::cout << "remove again: " << name(error.status) << ' ' << error.code
                  << " request_id=" << error.request_id.value_or("").size() << " characters\n";
    }

    try {
        machineid::client::from_env({{"timeout", 1}});
    } catch (const machineid::error &error) {
        std::cout << "wrong option: " << name(error.status) << ' ' << error.code
                  << (std::string(error.what()).find("timeout") != std::string::npos ? " timeout" : error.what())
                  << '\n';
    }
    decision = client.validate("");
    std::cout << "no device: " << name(decision.status) << ' ' << decision.code << '\n';
    refused("NUL", client, std::string("a\0b", 3));
    refused("surrogate", client, "w\xED\xA0\x80");
    const char *none = nullptr;
    refused("null", client, none);
    secret();

    // The reply holds unusual numbers. Its answer counts all the same.
    const char *url = std::getenv("MACHINEID_ODD_URL");
    machineid::client odd("org_runtimes", {{"base_url", url ? url : ""}});
    decision = odd.validate(device);
    std::cout << "odd numbers: " << name(decision.status) << " allowed=" << decision.allowed << '\n';

    // An outage is neither an answer nor a refusal: the next call may bring an answer.
    url = std::getenv("MACHINEID_OUTAGE_URL");
    machineid::client out("org_outage", {{"base_url", url ? url : ""}, {"max_retries", 0}});
    decision = out.validate(device);
    std::cout << "outage: " << name(decision.status) << " allowed=" << decision.allowed << ' ' << decision.code << '\n';
    decision = out.validate(device);
    std::cout << "outlived: " << name(decision.status) << " allowed=" << decision.allowed << '\n';

    machineid::client unreachable("org_runtimes", {{"base_url", "http://127.0.0.1:1"}, {"max_retries", 0}});
    decision = unreachable.validate(device);
    std::cout << "unreachable: " << name(decision.status) << " allowed=" << decision.allowed << ' ' << decision.code
              << '\n';
    unreachable.cancel();
    decision = unreachable.validate(device);
    std::cout << "cancelled: " << name(decision.status) << " allowed=" << decision.allowed << '\n';
    return std::cout ? 0 : 1;
}

int main() {
    try {
        return scenario();
    } catch (const std::exception &problem) {
        std::cerr << "scenario: " << problem.what() << '\n';
        return 1;
    }
}
