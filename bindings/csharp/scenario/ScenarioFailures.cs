// The second half of the scenario: what is refused, and what fails.
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using MachineID;

static partial class Scenario
{
    static void Refused(Client client)
    {
        try
        {
            client.Remove(Device);
            Say("remove again: removed");
        }
        catch (RefusedException error)
        {
            Say($"remove again: {error.Status.Name()} {error.Code} request_id={error.RequestId.Length} characters");
        }
        try
        {
            Client.FromEnvironment(new ClientOptions { TimeoutMs = 0 }).Dispose();
            Say("wrong option: accepted");
        }
        catch (MachineIDException error)
        {
            string named = error.Message.Contains("timeout_ms") ? "timeout_ms" : error.Message;
            Say($"wrong option: {error.Status.Name()} {error.Code} {named}");
        }
        Decision none = client.Validate("");
        Say($"no device: {none.Status.Name()} {none.Code}");
        RefusedArgument(client, "NUL", "a\0b");
        RefusedArgument(client, "surrogate", "w\ud800");
        RefusedArgument(client, "null", null);
        // Misuse.cs shows that a number does not compile.
        Say("number: an argument error that names it");
        Secret();
        Client closed = Client.FromEnvironment();
        closed.Dispose();
        try
        {
            closed.Validate(Device);
            Say("closed: asked");
        }
        catch (ObjectDisposedException error)
        {
            Say("closed: " + (error.Message.Contains("closed") ? "an argument error that says so" : error.Message));
        }
    }

    static void RefusedArgument(Client client, string step, string deviceId)
    {
        try
        {
            client.Validate(deviceId);
            Say($"{step}: asked");
        }
        catch (ArgumentException error)
        {
            bool isNamed = error.ParamName == "deviceId" && error.Message.Contains("deviceId");
            Say($"{step}: {(isNamed ? "an argument error that names it" : error.Message)}");
        }
    }

    // Gives a key that cannot be sent; no error may show it, nor may the client that has one.
    static void Secret()
    {
        var shown = new List<string>();
        foreach (string key in new[] { "org_marker\0", "org_marker\ud800", "org_marker\n\x7f" })
        {
            try
            {
                new Client(key).Dispose();
                shown.Add("accepted");
            }
            catch (Exception error) when (error is ArgumentException || error is MachineIDException)
            {
                if (error.ToString().Contains("marker")) shown.Add(error.Message);
            }
        }
        using (var client = new Client("org_marker"))
        {
            if (client.ToString().Contains("marker")) shown.Add("ToString");
        }
        Say("secret: " + (shown.Count == 0 ? "refused, and not shown" : string.Join(", ", shown)));
    }

    static async Task Failures()
    {
        const string key = "org_bindings";
        string silent = Variable("MACHINEID_SILENT_URL");
        // The reply holds unusual numbers. Its answer counts all the same.
        using (var odd = new Client(key, new ClientOptions { BaseUrl = Variable("MACHINEID_ODD_URL") }))
        {
            Decision decision = odd.Validate(Device);
            Say($"odd numbers: {decision.Status.Name()} allowed={Digit(decision)}");
        }
        // An outage is neither an answer nor a refusal: the next call may bring an answer.
        var once = new ClientOptions { BaseUrl = Variable("MACHINEID_BASE_URL"), MaxRetries = 0 };
        using (var client = new Client("org_outage", once))
        {
            TellFailure("outage", client.Validate(Device));
            Decision decision = client.Validate(Device);
            Say($"outlived: {decision.Status.Name()} allowed={Digit(decision)}");
        }
        using (var client = new Client(key, new ClientOptions { BaseUrl = "http://127.0.0.1:1", MaxRetries = 0 }))
        {
            TellFailure("unreachable", client.Validate(Device));
        }
        using (var client = new Client(key, new ClientOptions { BaseUrl = silent, TimeoutMs = 50 }))
        {
            TellFailure("timeout", client.Validate(Device));
        }

        using (Client client = Client.FromEnvironment())
        using (var waiting = new Client(key, new ClientOptions { BaseUrl = silent, TimeoutMs = 60000 }))
        {
            client.Register(Device);
            Guard guard = client.Guard(Device);
            Task<Decision> call = waiting.ValidateAsync(Device);
            Thread.Sleep(200); // so that it is most probably in flight; a call to come would be cancelled too
            waiting.Cancel();
            Decision decision = await call;
            Say($"cancel: a call in flight {decision.Status.Name()} allowed={Digit(decision)}");
            client.Cancel();
            decision = client.Validate(Device);
            Say($"cancel: a call to come {decision.Status.Name()} allowed={Digit(decision)}");
            GuardDecision known = await guard.Stopped();
            Say($"cancel: a guard has {known.State.ToString().ToLower()}");
            guard.Dispose();
        }
    }

    static string Variable(string name) => Environment.GetEnvironmentVariable(name);
}
