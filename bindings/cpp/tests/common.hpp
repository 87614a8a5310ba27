// What the tests share.
#ifndef COMMON_HPP
#define COMMON_HPP

#include <chrono>
#include <cstdlib>
#include <machineid_testing.hpp>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using machineid::testing::emulator;

inline const std::string key = "org_test", device = "worker:test:07";

/// An emulator, and a client of it whose device is registered.
struct registered {
    emulator authority{{key, "org_marker"}};
    machineid::client client = authority.client(key);

    registered() { client.register_device(device).value(); }
};

/// How late a guard may be beyond its bound, for slow machines.
inline std::chrono::milliseconds slack() {
    const char *value = std::getenv("CHECK_SLACK_MS");
    return std::chrono::milliseconds(value ? std::atoi(value) : 0);
}

/// Waits until something holds, for a minute at most.
template <typename Condition> bool comes(Condition holds) {
    auto end = std::chrono::steady_clock::now() + 60s;
    while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
    return holds();
}

#endif
