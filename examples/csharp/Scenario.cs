// Scenario.cs - every operation of MachineID.cs, and the ways in which they fail.
using System;
using System.Collections.Generic;
using System.Threading;
using MachineID;
using Newtonsoft.Json.Linq;

static class Scenario
{
    const string Device = "worker:prod:queue-consumer:07";

    static void Main()
    {
        Console.WriteLine($"version {Client.LibraryVersion}");
        using (var client = Client.FromEnv())
        {
            Console.WriteLine($"register: MID_OK status={client.Register(Device)["status"]}");
            Console.WriteLine($"register again: MID_OK status={client.Register(Device)["status"]}");
            Decision decision = client.Validate(Device);
            Console.WriteLine($"validate: {decision.Status} allowed={Digit(decision)} code={decision.Code}");
            if (client.Allows(Device)) Console.WriteLine("work: one unit done");
            Console.WriteLine($"threads: {ValidateInThreads(client)} of 32 allowed");

            Console.WriteLine($"revoke: {StatusOf(() => client.Revoke(Device))}");
            decision = client.Validate(Device);
            Console.WriteLine($"validate: {decision.Status} allowed={Digit(decision)} code={decision.Code} " +
                              $"request_id={decision.RequestId.Length} characters");
            Console.WriteLine($"register revoked: MID_OK status={client.Register(Device)["status"]}");
            Console.WriteLine($"unrevoke: {StatusOf(() => client.Unrevoke(Device))}");
            decision = client.Validate(Device);
            Console.WriteLine($"validate: {decision.Status} allowed={Digit(decision)} code={decision.Code}");
            Console.WriteLine($"restore: {StatusOf(() => client.Restore(Device))}");

            Console.WriteLine($"list: MID_OK {((JArray)client.ListDevices()["devices"]).Count} device");
            Console.WriteLine($"usage: MID_OK planTier={client.Usage()["planTier"]}");
            decision = client.Validate("w\u00f6rker:prod:07");
            Console.WriteLine($"umlaut device: {decision.Status} allowed={Digit(decision)}");
            NeverRegistered(client);
            Console.WriteLine($"remove: {StatusOf(() => client.Remove(Device))}");
            try
            {
                client.Remove(Device);
                Console.WriteLine("remove again: removed");
            }
            catch (MachineIDException exception)
            {
                Console.WriteLine($"remove again: {Outcome(exception)}");
            }

            try
            {
                Client.FromEnv(new JObject { ["timeout"] = 1 }).Dispose();
                Console.WriteLine("wrong option: accepted");
            }
            catch (MachineIDException exception)
            {
                Console.WriteLine($"wrong option: {exception.Status} {exception.Code} " +
                                  (exception.Message.Contains("timeout") ? "timeout" : exception.Message));
            }
            decision = client.Validate("");
            Console.WriteLine($"no device: {decision.Status} {decision.Code}");
            Refused("NUL", client, "a\0b");
            Refused("surrogate", client, "w\ud800");
            Refused("null", client, null);
        }

        Secret();

        // The reply holds unusual numbers. Its answer counts all the same.
        var numbers = new JObject { ["base_url"] = Environment.GetEnvironmentVariable("MACHINEID_ODD_URL") };
        using (var odd = new Client("org_runtimes", numbers))
        {
            Decision decision = odd.Validate(Device);
            Console.WriteLine($"odd numbers: {decision.Status} allowed={Digit(decision)}");
        }

        // An outage is neither an answer nor a refusal: the next call may bring an answer.
        var outage = new JObject
        {
            ["base_url"] = Environment.GetEnvironmentVariable("MACHINEID_OUTAGE_URL"), ["max_retries"] = 0,
        };
        using (var client = new Client("org_outage", outage))
        {
            Decision decision = client.Validate(Device);
            Console.WriteLine($"outage: {decision.Status} allowed={Digit(decision)} {decision.Code}");
            decision = client.Validate(Device);
            Console.WriteLine($"outlived: {decision.Status} allowed={Digit(decision)}");
        }

        var nowhere = new JObject { ["base_url"] = "http://127.0.0.1:1", ["max_retries"] = 0 };
        using (var client = new Client("org_runtimes", nowhere))
        {
            Decision decision = client.Validate(Device);
            Console.WriteLine($"unreachable: {decision.Status} allowed={Digit(decision)} {decision.Code}");
            client.Cancel();
            decision = client.Validate(Device);
            Console.WriteLine($"cancelled: {decision.Status} allowed={Digit(decision)}");
        }
    }

    // Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
    // may let it work. Conditions that must not compile are in Tests/bindings/misuse.
    static void NeverRegistered(Client client)
    {
        var done = new List<string>();
        if (client.Allows("never")) done.Add("Allows");
        if (client.Validate("never").Allowed) done.Add("Allowed");
        try
        {
            client.Require("never");
            done.Add("Require");
        }
        catch (MachineIDException exception)
        {
            Console.WriteLine("never registered: " + (done.Count == 0 ? "nothing done" : string.Join(", ", done)));
            Console.WriteLine($"never registered: {Outcome(exception)}");
        }
    }

    static string Outcome(MachineIDException exception) =>
        $"{exception.Status} {exception.Code} request_id={exception.RequestId.Length} characters";

    // A bad argument must raise the language's argument error, which names the parameter.
    static void Refused(string step, Client client, string deviceId)
    {
        try
        {
            client.Validate(deviceId);
            Console.WriteLine($"{step}: asked");
        }
        catch (ArgumentException exception)
        {
            bool isIt = exception.ParamName == "deviceId";
            Console.WriteLine($"{step}: {(isIt ? "an argument error that names it" : exception.Message)}");
        }
    }

    // Gives a key that cannot be sent; the error must not show it.
    static void Secret()
    {
        var shown = new List<string>();
        foreach (string key in new[] { "org_marker\0", "org_marker\ud800" })
        {
            try
            {
                new Client(key).Dispose();
                shown.Add("accepted");
            }
            catch (ArgumentException exception)
            {
                if (exception.ToString().Contains("marker")) shown.Add(exception.Message);
            }
        }
        Console.WriteLine("secret: " + (shown.Count == 0 ? "refused, and not shown" : string.Join(", ", shown)));
    }

    // Validates in 8 threads, 4 times in each.
    static int ValidateInThreads(Client client)
    {
        int allowed = 0;
        var threads = new Thread[8];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                for (int j = 0; j < 4; j++)
                {
                    if (client.Allows(Device)) Interlocked.Increment(ref allowed);
                }
            });
            threads[i].Start();
        }
        foreach (Thread thread in threads) thread.Join();
        return allowed;
    }

    // The status of a call.
    static Status StatusOf(Func<JObject> call)
    {
        try
        {
            call();
            return Status.OK;
        }
        catch (MachineIDException exception)
        {
            return exception.Status;
        }
    }

    static int Digit(Decision decision) => decision.Allowed ? 1 : 0;
}
