// The common scenario: every operation, and the ways in which they fail. bindings/scenario.txt has what it prints.
// ScenarioFailures.cs has the second half.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using MachineID;

static partial class Scenario
{
    const string Device = "worker:prod:queue-consumer:07";

    static void Main()
    {
        // The lines are compared with a golden file, whoever reads them meanwhile.
        Console.SetOut(new System.IO.StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
        Say($"version {Client.LibraryVersion}");
        using (Client client = Client.FromEnvironment())
        {
            Devices(client);
            NeverRegistered(client).Wait();
            Many(client);
            Guards(client).Wait();
            client.Remove(Device);
            Say("remove: MID_OK");
            Refused(client);
        }
        Failures().Wait();
    }

    static void Devices(Client client)
    {
        Say($"register: MID_OK status={client.Register(Device)["status"]}");
        Say($"register again: MID_OK status={client.Register(Device)["status"]}");
        Tell(client.Validate(Device));
        if (client.Validate(Device)) Say("work: one unit done");
        int allowed = Enumerable.Range(0, 32).AsParallel().WithDegreeOfParallelism(8).Count(i => client.Allows(Device));
        Say($"threads: {allowed} of 32 allowed");

        client.Revoke(Device);
        Say("revoke: MID_OK");
        Tell(client.Validate(Device));
        Say($"register revoked: MID_OK status={client.Register(Device)["status"]}");
        client.Unrevoke(Device);
        Say("unrevoke: MID_OK");
        Tell(client.Validate(Device));
        client.Restore(Device);
        Say("restore: MID_OK");
        Say($"list: MID_OK {client.ListDevices()["devices"].Count} device");
        Say($"usage: MID_OK planTier={client.Usage()["planTier"]}");
        Decision umlaut = client.Validate("w\u00f6rker:prod:07");
        Say($"umlaut device: {umlaut.Status.Name()} allowed={Digit(umlaut)}");
    }

    // Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
    // may let it work. Those that must not compile are in Misuse.cs.
    static async Task NeverRegistered(Client client)
    {
        var done = new List<string>();
        if (client.Validate("never")) done.Add("Validate");
        if (!client.Validate("never")) { } else done.Add("not");
        if (client.Validate("never") == true) done.Add("== true");
        if (client.Validate("never") && client.Validate(Device)) done.Add("and");
        while (client.Validate("never").Allowed) { done.Add("while"); break; }
        if (client.Allows("never")) done.Add("Allows");
        if (await client.ValidateAsync("never")) done.Add("ValidateAsync");
        if (await client.AllowsAsync("never")) done.Add("AllowsAsync");
        done.AddRange(new[] { "never" }.Where(id => client.Validate(id)));
        done.Add(client.Validate("never") ? "conditional" : null);
        done.RemoveAll(name => name == null);
        try
        {
            client.Require("never");
            done.Add("Require");
        }
        catch (DeniedException error)
        {
            Say("never registered: " + Or(done));
            Say($"never registered: {error.Status.Name()} {error.Code} request_id={error.RequestId.Length} characters");
        }
    }

    static void Many(Client client)
    {
        Decisions many = client.ValidateMany(new[] { Device, "never", "", Device });
        Say("many: " + string.Join(" ", many.Select(Digit)));
        Say("many: " + string.Join(" ", many.Select(decision => decision.Code)));
        Say($"many: none asked, {client.ValidateMany(new string[0]).Count} decisions");
        var done = new List<string>();
        if (client.ValidateMany(new[] { Device, "never" })) done.Add("if");
        if (client.ValidateMany(new string[0])) done.Add("none");
        Say("many, one never registered: " + Or(done));
    }

    static async Task Guards(Client client)
    {
        const int interval = 200;
        Guard guard = client.Guard(Device, new GuardOptions { IntervalMs = interval });
        Say("guard: " + On(guard));
        Ask("/emulator/outage", "{\"httpStatus\":503}");
        guard.WaitUntilOff(TimeSpan.FromSeconds(30));
        GuardDecision known = guard.Decision();
        Say($"guard: {known.State.ToString().ToLower()} in an outage, {known.Failure?.Code}");
        Ask("/emulator/outage", "{}");
        SpinWait.SpinUntil(() => guard.Allowed, TimeSpan.FromSeconds(30));
        Say($"guard: {On(guard)} again after it");

        Stopwatch clock = Stopwatch.StartNew();
        Task<GuardDecision> stopped = guard.Stopped();
        client.Revoke(Device);
        await Task.WhenAny(stopped, Task.Delay(30000));
        double slack = double.Parse(Environment.GetEnvironmentVariable("CHECK_SLACK_MS") ?? "0");
        bool isInTime = stopped.IsCompleted && clock.ElapsedMilliseconds <= interval * 1.1 + 1000 + slack;
        known = await stopped;
        Say($"guard: {known.State.ToString().ToLower()} " +
            (isInTime ? "within its interval" : $"after {clock.ElapsedMilliseconds} ms") +
            $", {known.Code} request_id={known.RequestId.Length} characters");
        client.Unrevoke(Device);
        client.Require(Device);
        Say($"guard: still {guard.Decision().State.ToString().ToLower()} after unrevoke");
        guard.Dispose();

        guard = client.Guard(Device);
        guard.Dispose();
        Say("guard, stopped: " + On(guard));
        using (Guard never = client.Guard("never"))
        {
            var done = new List<string>();
            if (never.Allowed) done.Add("if");
            while (never.Allowed) { done.Add("while"); break; }
            Say("guard, never registered: " + Or(done));
        }
    }

    static void Tell(Decision decision) => Say(
        $"validate: {decision.Status.Name()} allowed={Digit(decision)} code={decision.Code}" +
        (decision ? "" : $" request_id={decision.RequestId.Length} characters"));

    static void TellFailure(string step, Decision decision) =>
        Say($"{step}: {decision.Status.Name()} allowed={Digit(decision)} {decision.Code}");

    static void Ask(string path, string body)
    {
        string quoted = "\"" + body.Replace("\"", "\\\"") + "\"";
        var start = new ProcessStartInfo("ask", path + " " + quoted) { UseShellExecute = false };
        using (Process ask = Process.Start(start))
        {
            ask.WaitForExit();
            if (ask.ExitCode != 0) throw new Exception("ask failed");
        }
    }

    static string Or(List<string> done) => done.Count == 0 ? "nothing done" : string.Join(", ", done);

    static string On(Guard guard) => guard.Allowed ? "on" : "off";

    static int Digit(Decision decision) => decision ? 1 : 0;

    static void Say(string line) => Console.WriteLine(line);
}
