// Scenario.cs - every operation of MachineID.cs, and the ways in which they fail.
using System;
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
            if (decision.Allowed) Console.WriteLine("work: one unit done");
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
            Console.WriteLine($"remove: {StatusOf(() => client.Remove(Device))}");
            Console.WriteLine($"remove again: {StatusOf(() => client.Remove(Device))}");

            try
            {
                Client.FromEnv(new JObject { ["timeout"] = 1 }).Dispose();
                Console.WriteLine("wrong option: accepted");
            }
            catch (MachineIDException exception)
            {
                Console.WriteLine($"wrong option: {exception.Status} {exception.Code}");
            }
            decision = client.Validate("");
            Console.WriteLine($"no device: {decision.Status} {decision.Code}");
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

    // 8 threads, 4 times each.
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
                    if (client.Validate(Device).Allowed) Interlocked.Increment(ref allowed);
                }
            });
            threads[i].Start();
        }
        foreach (Thread thread in threads) thread.Join();
        return allowed;
    }

    // What a call came to.
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
