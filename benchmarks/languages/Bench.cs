// Bench package|plain CALLS: calls of the package for C#, or of HttpClient, whose reply is looked at and not parsed,
// since Mono has no parser of JSON that .NET has too. languages.py says what it prints.
using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text;
using MachineID;

static class Bench
{
    static readonly string Url = Environment.GetEnvironmentVariable("MACHINEID_BASE_URL");

    static void Main(string[] arguments)
    {
        Func<bool> validate = arguments[0] == "package" ? Package() : Plain();
        int calls = int.Parse(arguments[1]);
        Ask(validate, calls / 10);
        long before = Resident();
        Stopwatch watch = Stopwatch.StartNew();
        Ask(validate, calls - calls / 10);
        double rate = (calls - calls / 10) / watch.Elapsed.TotalSeconds;
        Console.WriteLine(FormattableString.Invariant($"{rate:F1} {before} {Resident()}"));
        Environment.Exit(0);
    }

    static Func<bool> Package()
    {
        var client = new Client("org_bench", new ClientOptions { BaseUrl = Url });
        return () => client.Allows("agent-01");
    }

    static Func<bool> Plain()
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Add("x-org-key", "org_bench");
        return () =>
        {
            var body = new StringContent("{\"deviceId\":\"agent-01\"}", Encoding.UTF8, "application/json");
            using (HttpResponseMessage reply = client.PostAsync(Url + "/api/v1/devices/validate", body).Result)
            {
                return reply.IsSuccessStatusCode &&
                    reply.Content.ReadAsStringAsync().Result.StartsWith("{\"allowed\":true,", StringComparison.Ordinal);
            }
        };
    }

    static void Ask(Func<bool> validate, int calls)
    {
        for (int n = 0; n < calls; n++)
        {
            if (!validate()) throw new Exception("denied");
        }
    }

    static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        string line = File.ReadLines("/proc/self/status").First(one => one.StartsWith("VmRSS:"));
        return long.Parse(new string(line.Where(char.IsDigit).ToArray()));
    }
}
