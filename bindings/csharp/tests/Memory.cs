// Makes 10,000 calls of each usual kind, 1,000 of others, and compares the memory of the process at the end with that
// after the first tenth. It prints what it found; its exit status is 0 where no more than a little is used.
using System;
using System.IO;
using System.Linq;
using MachineID;

static class Memory
{
    // Mono's and .NET's heaps move by some hundred kB from collection to collection.
    const long MostKb = 2048;

    static int Main()
    {
        using (Client client = Client.FromEnvironment())
        {
            client.Register("agent-01");
            Calls(client, 1000);
            long before = ResidentKb();
            Calls(client, 9000);
            long more = ResidentKb() - before;
            Console.WriteLine($"{before} kB after 1,000 calls, {more} kB more after 10,000");
            return more <= MostKb ? 0 : 1;
        }
    }

    static void Calls(Client client, int count)
    {
        string[] ids = { "agent-01", "never", "agent-01" };
        for (int i = 0; i < count; i++)
        {
            if (!client.Validate("agent-01") || client.Allows("never")) throw new Exception("a wrong answer");
            if (!client.AllowsAsync("agent-01").Result) throw new Exception("a wrong answer");
            if (i % 10 != 0) continue;
            if (client.ValidateMany(ids).Allowed.Count() != 2) throw new Exception("a wrong answer");
            try { client.Remove("never"); }
            catch (RefusedException) { }
            using (Guard guard = client.Guard("agent-01"))
            {
                if (!guard.Allowed || guard.Stopped().IsCompleted) throw new Exception("a wrong answer");
            }
        }
    }

    static long ResidentKb()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        string line = File.ReadLines("/proc/self/status").First(one => one.StartsWith("VmRSS:"));
        return long.Parse(new string(line.Where(char.IsDigit).ToArray()));
    }
}
