// The types refuse a decision as anything but a condition, and the compiler refuses to ignore it.
#include "machineid.hpp"

void work();
void conditions(const machineid::client &client);

void conditions(const machineid::client &client) {
    client.validate("never"); // refused
    client.allows("never"); // refused
    bool allowed = client.validate("never"); // refused
    int number = 1 + client.validate("never"); // refused
    if (client.validate("never") == true) work(); // refused
    if (client.require("never")) work(); // refused
    if (client.validate(nullptr)) work(); // refused
    if (client.validate) work(); // refused
    if (client.validate("never")) work();
    if (!client.validate("never") || number || allowed) return;
    client.require("never");
}
