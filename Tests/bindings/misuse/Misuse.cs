// The types refuse a decision as a condition.
using MachineID;

static class Misuse
{
    static void Work() { }

    static void Conditions(Client client)
    {
        if (client.Validate("never")) Work(); // refused
        if (!client.Validate("never")) return; // refused
        while (client.Validate("never")) Work(); // refused
        bool both = client.Validate("never") && true; // refused
        if (client.Require("never")) Work(); // refused
        client.Validate(5); // refused
        if (client.Allows("never")) Work();
        if (client.Validate("never").Allowed) Work();
    }
}
