// The types refuse a result as anything but a condition, and the compiler refuses to ignore it. Each line that ends
// with "refused" must not compile, and each other line must.
#include <machineid.hpp>
#include <string>
#include <vector>

void work();
void conditions(const machineid::client &client, const std::vector<std::string> &ids);

void conditions(const machineid::client &client, const std::vector<std::string> &ids) {
    client.validate("never");                           // refused
    client.allows("never");                             // refused
    client.validate_many(ids);                          // refused
    client.register_device("never");                    // refused
    client.start_guard("never");                        // refused
    machineid::client::from_env();                      // refused
    bool allowed = client.validate("never");            // refused
    bool all = client.validate_many(ids);               // refused
    bool is_on = client.start_guard("never");           // refused
    int number = 1 + client.validate("never");          // refused
    if (client.validate("never") == true) work();       // refused
    if (client.require("never")) work();                // refused
    if (client.validate(nullptr)) work();               // refused
    if (client.validate(7)) work();                     // refused
    if (client.validate) work();                        // refused
    machineid::client copy = client;                    // refused
    machineid::client made = machineid::client::make("k"); // refused
    if (client.validate("never")) work();
    if (client.validate_many(ids)) work();
    if (!client.validate("never") || number || allowed || all || is_on) return;
    client.require("never");
    client.register_device("never").value();
}
