// MachineID.cs - the client of the MachineID authority. Needs libmachineid and Newtonsoft.Json.
//
//     using (var client = Client.FromEnv(new JObject { ["timeout_ms"] = 2000 }))
//     {
//         client.Register("agent-01");
//         if (client.Allows("agent-01")) Work();
//     }
//
// A Decision cannot be used as a condition and is never null: do not compare it with null. Require throws unless the
// device is allowed. In tests use machineid-emulator rather than a mock that allows.
//
// A call blocks its thread until there is an answer or timeout_ms has passed; in async code put it into Task.Run. Any
// number of threads may share a client, and any of them may dispose it at any moment.
using System;
using System.Runtime.InteropServices;
using Newtonsoft.Json.Linq;

namespace MachineID
{
    /// <summary>The status of a call. A later version of the library may have more statuses.</summary>
    public struct Status
    {
        public static readonly Status OK = new Status(0);

        public readonly int Number;

        internal Status(int number) { Number = number; }

        public string Name => Json.Text(Native.mid_status_name(Number));

        public override string ToString() => Name;
    }

    /// <summary>The result of Validate. Gate on Allowed and nothing else; log Status, Code and RequestId. With any
    /// status except OK the authority decided nothing, and nothing is allowed.</summary>
    public sealed class Decision
    {
        public readonly bool Allowed;
        public readonly Status Status;
        public readonly JObject Reply;

        internal Decision(bool allowed, Status status, JObject reply)
        {
            Allowed = allowed;
            Status = status;
            Reply = reply;
        }

        public string Code => Json.Code(Reply);
        public string RequestId => Json.Text(Reply, "request_id");
    }

    /// <summary>The authority refused, or it gave no answer. Require also throws this for a denial; the status is then
    /// OK, because the authority decided.</summary>
    public sealed class MachineIDException : Exception
    {
        public readonly Status Status;
        public readonly string Code;
        public readonly string RequestId;
        public readonly JObject Reply;

        internal MachineIDException(Status status, JObject reply) : base(TextOf(status, reply))
        {
            Status = status;
            Code = Json.Code(reply);
            RequestId = Json.Text(reply, "request_id");
            Reply = reply;
        }

        private static string TextOf(Status status, JObject reply)
        {
            string why = status.Number == Status.OK.Number
                ? $"not allowed: {Json.Code(reply)}"
                : $"{status} {Json.Code(reply)}: {Json.Text(reply, "message")}";
            string requestId = Json.Text(reply, "request_id");
            return requestId == null ? why : $"{why} (request id {requestId})";
        }
    }

    /// <summary>A connection to the authority on behalf of one organisation.</summary>
    public sealed class Client : IDisposable
    {
        private readonly ClientHandle handle;

        /// <param name="orgKey">The organisation's key.</param>
        /// <param name="options">The options that machineid.h lists, such as {"timeout_ms": 2000}.</param>
        public Client(string orgKey, JObject options = null)
        {
            byte[] key = Json.Bytes("orgKey", orgKey);
            int status = Native.mid_client_new(key, Json.Bytes(options), out handle, out IntPtr json);
            Json.Result(status, json);
        }

        private Client(JObject options)
        {
            int status = Native.mid_client_from_env(Json.Bytes(options), out handle, out IntPtr json);
            Json.Result(status, json);
        }

        /// <summary>Takes the org key from the environment variable MACHINEID_ORG_KEY.</summary>
        public static Client FromEnv(JObject options = null) => new Client(options);

        public static string LibraryVersion => Json.Text(Native.mid_version());

        /// <summary>Ends every call in progress and every later call with MID_CANCELLED. Any thread may call
        /// this.</summary>
        public void Cancel() => Native.mid_client_cancel(handle);

        /// <summary>Cancels the calls in progress. The runtime counts them, and the last one to return frees the
        /// client. A call on a disposed client throws an ObjectDisposedException.</summary>
        public void Dispose()
        {
            try { Cancel(); }
            catch (ObjectDisposedException) { return; }
            handle.Dispose();
        }

        /// <summary>May this device run now? If anything goes wrong, the decision says so.</summary>
        public Decision Validate(string deviceId)
        {
            byte[] id = Json.Bytes("deviceId", deviceId);
            int status = Native.mid_validate(handle, id, out int allowed, out IntPtr json);
            return new Decision(allowed == 1, new Status(status), Json.Take(json));
        }

        /// <summary>May this device run now? False if anything goes wrong.</summary>
        public bool Allows(string deviceId) => Validate(deviceId).Allowed;

        /// <summary>Returns the decision when the device may run now. Otherwise throws a MachineIDException, with the
        /// code and the request id for your log.</summary>
        public Decision Require(string deviceId)
        {
            Decision decision = Validate(deviceId);
            return decision.Allowed ? decision : throw new MachineIDException(decision.Status, decision.Reply);
        }

        public JObject Register(string deviceId) => OnDevice(Native.mid_register, deviceId);
        public JObject Revoke(string deviceId) => OnDevice(Native.mid_revoke, deviceId);
        public JObject Unrevoke(string deviceId) => OnDevice(Native.mid_unrevoke, deviceId);

        /// <summary>The same as Unrevoke.</summary>
        public JObject Restore(string deviceId) => OnDevice(Native.mid_restore, deviceId);

        public JObject Remove(string deviceId) => OnDevice(Native.mid_remove, deviceId);
        public JObject ListDevices() => OnClient(Native.mid_list_devices);
        public JObject Usage() => OnClient(Native.mid_usage);

        private JObject OnDevice(Native.DeviceOperation operation, string deviceId)
        {
            int status = operation(handle, Json.Bytes("deviceId", deviceId), out IntPtr json);
            return Json.Result(status, json);
        }

        private JObject OnClient(Native.ClientOperation operation)
        {
            int status = operation(handle, out IntPtr json);
            return Json.Result(status, json);
        }
    }

    /// <summary>Owns a mid_client. While a call uses it, the runtime does not release it.</summary>
    internal sealed class ClientHandle : SafeHandle
    {
        public ClientHandle() : base(IntPtr.Zero, true) { }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected override bool ReleaseHandle()
        {
            Native.mid_client_free(handle);
            return true;
        }
    }

    /// <summary>The functions of machineid.h. Strings are passed as UTF-8 with a NUL, and json texts are freed with
    /// mid_free.</summary>
    internal static class Native
    {
        private const string Library = "libmachineid.so.0";

        internal delegate int ClientOperation(ClientHandle client, out IntPtr json);
        internal delegate int DeviceOperation(ClientHandle client, byte[] deviceId, out IntPtr json);

        [DllImport(Library)]
        internal static extern IntPtr mid_version();
        [DllImport(Library)]
        internal static extern IntPtr mid_status_name(int status);
        [DllImport(Library)]
        internal static extern int mid_client_new(byte[] key, byte[] options, out ClientHandle client, out IntPtr json);
        [DllImport(Library)]
        internal static extern int mid_client_from_env(byte[] options, out ClientHandle client, out IntPtr json);
        [DllImport(Library)]
        internal static extern void mid_client_cancel(ClientHandle client);
        [DllImport(Library)]
        internal static extern void mid_client_free(IntPtr client);
        [DllImport(Library)]
        internal static extern int mid_register(ClientHandle client, byte[] deviceId, out IntPtr json);
        [DllImport(Library)]
        internal static extern int mid_validate(ClientHandle client, byte[] deviceId, out int allowed, out IntPtr json);
        [DllImport(Library)]
        internal static extern int mid_list_devices(ClientHandle client, out IntPtr json);
        [DllImport(Library)]
        internal static extern int mid_revoke(ClientHandle client, byte[] deviceId, out IntPtr json);
        [DllImport(Library)]
        internal static extern int mid_unrevoke(ClientHandle client, byte[] deviceId, out IntPtr json);
        [DllImport(Library)]
        internal static extern int mid_restore(ClientHandle client, byte[] deviceId, out IntPtr json);
        [DllImport(Library)]
        internal static extern int mid_remove(ClientHandle client, byte[] deviceId, out IntPtr json);
        [DllImport(Library)]
        internal static extern int mid_usage(ClientHandle client, out IntPtr json);
        [DllImport(Library)]
        internal static extern void mid_free(IntPtr json);
    }

    /// <summary>Converts texts for the library and from it.</summary>
    internal static class Json
    {
        internal static JObject Result(int status, IntPtr json)
        {
            JObject reply = Take(json);
            return status == Status.OK.Number ? reply : throw new MachineIDException(new Status(status), reply);
        }

        /// <summary>Parses and frees a text of the library's. The answer is the library's flag and not this text, so a
        /// reply that Newtonsoft.Json cannot parse becomes an empty one.</summary>
        internal static JObject Take(IntPtr json)
        {
            try { return json == IntPtr.Zero ? new JObject() : JObject.Parse(Text(json)); }
            catch (Newtonsoft.Json.JsonException) { return new JObject(); }
            catch (OverflowException) { return new JObject(); }
            finally { Native.mid_free(json); }
        }

        internal static string Text(IntPtr utf8) => Marshal.PtrToStringUTF8(utf8);

        internal static string Text(JObject reply, string key) =>
            reply[key]?.Type == JTokenType.String ? (string)reply[key] : null;

        /// <summary>An API error from the authority has "error" where a decision has "code".</summary>
        internal static string Code(JObject reply) => Text(reply, "code") ?? Text(reply, "error");

        private static readonly System.Text.Encoding Strict = new System.Text.UTF8Encoding(false, true);

        /// <summary>A text as UTF-8 with a NUL. A NUL within it would cut it short, and half of a surrogate pair would
        /// become U+FFFD, so that the call would concern another device.</summary>
        internal static byte[] Bytes(string name, string text)
        {
            if (text == null) throw new ArgumentNullException(name);
            if (text.IndexOf('\0') >= 0) throw new ArgumentException("The string must be without NUL.", name);
            try { return Strict.GetBytes(text + "\0"); }
            catch (System.Text.EncoderFallbackException)
            {
                throw new ArgumentException("The string must be without lone surrogates.", name);
            }
        }

        internal static byte[] Bytes(JObject options) => options == null ? null : Bytes("options", options.ToString());
    }
}
