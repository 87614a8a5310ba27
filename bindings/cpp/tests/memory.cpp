// 10,000 calls take no memory: at the end the process has as much as after the first 1,000.
#include <fstream>
#include <iostream>
#include <machineid_testing.hpp>
#include <string>

namespace {

void need(bool holds, const char *what) {
    if (holds) return;
    std::cerr << "memory: " << what << '\n';
    std::exit(1);
}

void call(const machineid::client &client, int index) {
    need(client.allows("known"), "a registered device is not allowed");
    need(!client.validate("never"), "a device that was never registered is allowed");
    need(!client.validate(std::string("a\0b", 3)), "a device id with a NUL is allowed");
    if (index % 100 != 0) return;
    need(client.validate_many({"known", "never", "known"}).size() == 3, "there are not three decisions");
    auto guard = client.start_guard("known");
    need(guard && guard->decision(), "a guard is not on");
}

// The memory that the process has, in kB.
long resident() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "VmRSS:") {}
    long kilobytes = 0;
    status >> kilobytes;
    return kilobytes;
}

} // namespace

int main() {
    machineid::testing::emulator emulator;
    auto client = emulator.client();
    client.register_device("known").value();
    for (int i = 0; i < 1000; i++) call(client, i);
    long before = resident();
    for (int i = 1000; i < 10000; i++) call(client, i);
    long more = resident() - before;
    std::cout << before << " kB after 1,000 calls, " << more << " kB more after 10,000\n";
    need(before > 0 && more < 512, "10,000 calls take more memory than 1,000");
}
