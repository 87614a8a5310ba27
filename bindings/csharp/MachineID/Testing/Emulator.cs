using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Text;
using System.Threading.Tasks;

namespace MachineID.Testing
{
    /// <summary>A machineid-emulator that is running, the authority for tests, on a free port of loopback. It forgets
    /// everything when it is disposed.
    /// <code>
    /// using (var emulator = new Emulator())
    /// using (var client = emulator.Client())
    /// {
    ///     client.Register("agent-01");
    ///     emulator.Revoke("agent-01");
    ///     Assert.IsFalse(client.Validate("agent-01"));
    /// }
    /// </code>
    /// The program is the one in the environment variable MACHINEID_EMULATOR, or else machineid-emulator on PATH. The
    /// Debian package machineid-emulator has it.</summary>
    public sealed class Emulator : IDisposable
    {
        private const int PatienceMs = 30000;

        private readonly Process process;

        /// <summary>Starts an emulator.</summary>
        /// <param name="orgKey">The org key of its organisation, which is made up.</param>
        /// <param name="plan">The organisation's plan: free, pro or max.</param>
        /// <param name="program">The program; null to find it.</param>
        public Emulator(string orgKey = "org_tests", string plan = "pro", string program = null)
        {
            OrgKey = orgKey;
            program = program ?? Environment.GetEnvironmentVariable("MACHINEID_EMULATOR");
            if (string.IsNullOrEmpty(program)) program = "machineid-emulator";
            var start = new ProcessStartInfo(program, $"--port 0 --plan {plan} --org-key {orgKey} --quiet")
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            try
            {
                process = Process.Start(start);
            }
            catch (Win32Exception error)
            {
                throw new InvalidOperationException(
                    program + " cannot be started (" + error.Message + "): install the package machineid-emulator, " +
                    "or set MACHINEID_EMULATOR to the program",
                    error);
            }
            const string prefix = "listening on ";
            Task<string> line = process.StandardOutput.ReadLineAsync();
            if (!line.Wait(PatienceMs) || line.Result?.StartsWith(prefix, StringComparison.Ordinal) != true)
            {
                Dispose();
                throw new InvalidOperationException(program + " does not say where it listens");
            }
            Url = line.Result.Substring(prefix.Length).Trim();
        }

        /// <summary>Where it listens.</summary>
        public string Url { get; }

        /// <summary>The org key of its organisation.</summary>
        public string OrgKey { get; }

        /// <summary>Makes a client of this emulator.</summary>
        /// <param name="options">How it works; null for the defaults.</param>
        /// <returns>The client.</returns>
        public Client Client(ClientOptions options = null) =>
            new Client(OrgKey, (options ?? new ClientOptions()).WithBaseUrl(Url));

        /// <summary>Registers a device.</summary>
        /// <param name="deviceId">The device.</param>
        public void Register(string deviceId) => OnDevice("register", deviceId);

        /// <summary>Revokes a device.</summary>
        /// <param name="deviceId">The device.</param>
        public void Revoke(string deviceId) => OnDevice("revoke", deviceId);

        /// <summary>Takes a revocation back.</summary>
        /// <param name="deviceId">The device.</param>
        public void Unrevoke(string deviceId) => OnDevice("unrevoke", deviceId);

        /// <summary>Answers requests with an HTTP status, until <see cref="Recover"/>.</summary>
        /// <param name="httpStatus">408, 429 or 5xx.</param>
        /// <param name="requests">How many requests; null for all.</param>
        public void Outage(int httpStatus = 503, int? requests = null) => Ask(
            "/emulator/outage",
            new JsonWriter().Add("httpStatus", httpStatus).Add("requests", requests).ToString());

        /// <summary>Ends an outage.</summary>
        public void Recover() => Ask("/emulator/outage");

        /// <summary>Forgets the devices, ends an outage, and restores the plan.</summary>
        public void Reset() => Ask("/emulator/reset");

        /// <summary>Sends a POST to the emulator.</summary>
        /// <param name="path">The path, such as "/emulator/plan".</param>
        /// <param name="body">The body, a JSON object.</param>
        /// <returns>Its reply.</returns>
        public JsonValue Ask(string path, string body = "{}")
        {
            WebRequest request = WebRequest.Create(Url + path);
            request.Method = "POST";
            request.Proxy = null;
            request.Timeout = PatienceMs;
            request.ContentType = "application/json";
            request.Headers["x-org-key"] = OrgKey;
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            using (Stream output = request.GetRequestStream()) output.Write(bytes, 0, bytes.Length);
            using (WebResponse response = request.GetResponse())
            using (var reader = new StreamReader(response.GetResponseStream(), Encoding.UTF8))
            {
                return JsonReader.Read(reader.ReadToEnd());
            }
        }

        /// <summary>Ends the emulator: connections are refused.</summary>
        public void Dispose()
        {
            try
            {
                process.Kill();
                process.WaitForExit(PatienceMs);
            }
            catch (Exception error) when (error is InvalidOperationException || error is Win32Exception)
            {
                // It has ended, or this has been called before.
            }
            process.Dispose();
        }

        private void OnDevice(string what, string deviceId) =>
            Ask("/api/v1/devices/" + what, new JsonWriter().Add("deviceId", deviceId).ToString());
    }
}
