// The types refuse what would be a gate that is always open, and what is no device. Tests/bindings/refuses checks that
// exactly the marked lines do not compile.
using System.Collections.Generic;
using System.Threading.Tasks;
using MachineID;

static class Misuse
{
    static void Work() { }

    static void Conditions(Client client, Guard guard)
    {
        if (client.Validate("never") != null) Work(); // refused
        if (client.Require("never") == null) return; // refused
        if (client.ValidateMany(new List<string>()) != null) Work(); // refused
        if (client.ValidateAsync("never")) Work(); // refused
        while (client.AllowsAsync("never")) Work(); // refused
        bool both = client.ValidateAsync("never") && true; // refused
        if (guard) Work(); // refused
        if (guard.Decision()) Work(); // refused
        if (guard.Decision().Reply) Work(); // refused
        if (guard.Stopped()) Work(); // refused
        if (client.Register("never")) Work(); // refused
        if (client.Validate("never").Reply["allowed"]) Work(); // refused
        if (client.Validate("never").Status) Work(); // refused
        client.Validate(5); // refused
        client.ValidateMany("never"); // refused
        if (client.Validate("never")) Work();
        if (client.ValidateMany(new[] { "never" })) Work();
        if (guard.Allowed) Work();
    }

    static async Task Awaited(Client client)
    {
        if (await client.ValidateAsync("never")) Work();
        if (await client.ValidateAsync("never") != null) Work(); // refused
    }
}
