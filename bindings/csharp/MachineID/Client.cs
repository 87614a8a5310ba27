using System;
using System.Collections.Generic;

namespace MachineID
{
    /// <summary>A connection to the authority for one organisation.
    /// <code>
    /// using (var client = Client.FromEnvironment())
    /// {
    ///     client.Register("agent-01");
    ///     if (client.Validate("agent-01")) Work();
    /// }
    /// </code>
    /// Make one for the whole process. Any number of threads may share it, and any of them may dispose it at any
    /// moment. A method that asks the authority blocks its thread until there is an answer or the client's time has
    /// passed; those whose names end with Async take another thread for that. Where the argument cannot be sent, it
    /// throws an ArgumentException that names it; on a disposed client, an ObjectDisposedException.</summary>
    public sealed partial class Client : IDisposable
    {
        private const int DefaultConnections = 64;

        private readonly Native native = Native.Library;
        private readonly ClientHandle handle;
        private readonly Threads threads;

        /// <summary>Makes a client. Nothing is sent before its first call.</summary>
        /// <param name="orgKey">The organisation's key, <c>org_...</c>. It is in no text of this package.</param>
        /// <param name="options">How it works; null for the defaults.</param>
        /// <exception cref="MachineIDException">The key or an option cannot be used.</exception>
        public Client(string orgKey, ClientOptions options = null) : this(options)
        {
            byte[] key = Texts.Bytes(nameof(orgKey), orgKey);
            int status;
            IntPtr json;
            try { status = native.ClientNew(key, Bytes(options?.Json), out handle, out json); }
            finally { Array.Clear(key, 0, key.Length); }
            Texts.Checked(status, json);
        }

        private Client(ClientOptions options, bool fromEnvironment) : this(options)
        {
            int status = native.ClientFromEnv(Bytes(options?.Json), out handle, out IntPtr json);
            Texts.Checked(status, json);
        }

        private Client(ClientOptions options)
        {
            threads = new Threads(options?.MaxConnections ?? DefaultConnections);
        }

        /// <summary>The version of the native library, such as "0.1.0".</summary>
        public static string LibraryVersion => Texts.Copy(Native.Library.Version());

        /// <summary>What the native library was built for, and the libraries inside it: "version", "libc", "arch",
        /// "libcurl", "tls" and "jansson".</summary>
        public static JsonValue BuildInfo => JsonReader.Read(Texts.Copy(Native.Library.BuildInfo()));

        private ClientHandle Handle => !handle.IsClosed ? handle : throw new ObjectDisposedException(
            nameof(Client), "the client is closed: it was disposed; make a new one");

        /// <summary>Makes a client with the org key in the environment variable MACHINEID_ORG_KEY, or in the file that
        /// MACHINEID_ORG_KEY_FILE names. MACHINEID_BASE_URL stands in for <see
        /// cref="ClientOptions.BaseUrl"/>.</summary>
        /// <param name="options">How it works; null for the defaults.</param>
        /// <returns>The client.</returns>
        /// <exception cref="MachineIDException">There is no key, or it or an option cannot be used.</exception>
        public static Client FromEnvironment(ClientOptions options = null) => new Client(options, true);

        /// <summary>Ends the client's guards and, with <see cref="Status.Cancelled"/>, its calls in flight and to come.
        /// It returns at once.</summary>
        public void Cancel()
        {
            try { native.ClientCancel(handle); }
            catch (ObjectDisposedException) { }
        }

        /// <summary>Cancels the client, and frees it when the last of its calls has returned, in 250 ms at most. It may
        /// be called any number of times.</summary>
        public void Dispose()
        {
            Cancel();
            handle.Dispose();
        }

        /// <summary>May this device run now? The decision is true in a condition when it may. Where there is no answer
        /// it is false, and says why.</summary>
        /// <param name="deviceId">The device, 1 to 512 bytes of UTF-8.</param>
        /// <returns>The decision.</returns>
        public Decision Validate(string deviceId)
        {
            byte[] id = Texts.Bytes(nameof(deviceId), deviceId);
            int status = native.Validate(Handle, id, out int allowed, out IntPtr json);
            return new Decision(deviceId, allowed == 1, (Status)status, Texts.TakeReply(json));
        }

        /// <summary>May this device run now? False if anything goes wrong.</summary>
        /// <param name="deviceId">The device.</param>
        /// <returns>Whether it may.</returns>
        public bool Allows(string deviceId) => Validate(deviceId).Allowed;

        /// <summary>Returns the decision when the device may run now, and throws otherwise.</summary>
        /// <param name="deviceId">The device.</param>
        /// <returns>The decision, which is true.</returns>
        /// <exception cref="DeniedException">The authority said no.</exception>
        /// <exception cref="MachineIDException">There is no decision.</exception>
        public Decision Require(string deviceId)
        {
            Decision decision = Validate(deviceId);
            return decision.Allowed ? decision : throw decision.Error;
        }

        /// <summary>May each of these devices run now? They are asked about together, within the time of one call for
        /// all, and one that gets no answer is denied by itself.</summary>
        /// <param name="deviceIds">The devices.</param>
        /// <returns>A decision for each. In a condition they are true when there are some and all are
        /// allowed.</returns>
        public unsafe Decisions ValidateMany(IEnumerable<string> deviceIds)
        {
            if (deviceIds == null) throw new ArgumentNullException(nameof(deviceIds), "deviceIds is null");
            var ids = new List<string>(deviceIds);
            var bytes = new List<byte>();
            var begins = new int[ids.Count];
            for (int i = 0; i < ids.Count; i++)
            {
                begins[i] = bytes.Count;
                bytes.AddRange(Texts.Bytes(nameof(deviceIds), ids[i], nameof(deviceIds) + "[" + i + "]"));
            }
            // Each array has one element more, because null must not be passed where there is no device.
            bytes.Add(0);
            byte[] texts = bytes.ToArray();
            var flags = new int[ids.Count + 1];
            var pointers = new IntPtr[ids.Count + 1];
            int status;
            IntPtr json;
            fixed (byte* text = texts)
            fixed (int* flag = flags)
            fixed (IntPtr* pointer = pointers)
            {
                for (int i = 0; i < ids.Count; i++) pointer[i] = (IntPtr)(text + begins[i]);
                status = native.ValidateMany(Handle, (byte**)pointer, (UIntPtr)ids.Count, flag, out json);
            }
            return new Decisions(ids, flags, (Status)status, JsonReader.Read(Texts.Take(json)));
        }

        /// <summary>Starts a guard, which keeps the device's permission fresh in the background: validates once, in
        /// this call, and then at each interval. After a denial there is a guard too, which is off.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="options">How it works; null for the defaults.</param>
        /// <returns>The guard. Dispose it.</returns>
        /// <exception cref="MachineIDException">There is no decision, or an option cannot be used.</exception>
        public Guard Guard(string deviceId, GuardOptions options = null)
        {
            byte[] id = Texts.Bytes(nameof(deviceId), deviceId);
            int status = native.GuardStart(
                Handle, id, Bytes(options?.Json), out GuardHandle guard, out IntPtr json);
            return new Guard(deviceId, guard, Texts.Checked(status, json));
        }

        /// <summary>Registers a device. Registering again changes nothing and restores no revoked device.</summary>
        /// <param name="deviceId">The device.</param>
        /// <returns>The authority's reply.</returns>
        /// <exception cref="RefusedException">Over the plan's limit, with the code "device_limit_reached".</exception>
        public Reply Register(string deviceId) => Ask(native.Register, deviceId);

        /// <summary>Revokes a device: from now on it is denied.</summary>
        /// <param name="deviceId">The device.</param>
        /// <returns>The authority's reply.</returns>
        public Reply Revoke(string deviceId) => Ask(native.Revoke, deviceId);

        /// <summary>Takes a revocation back.</summary>
        /// <param name="deviceId">The device.</param>
        /// <returns>The authority's reply.</returns>
        public Reply Unrevoke(string deviceId) => Ask(native.Unrevoke, deviceId);

        /// <summary>The same as <see cref="Unrevoke"/>, as the vendor's SDKs also call it.</summary>
        /// <param name="deviceId">The device.</param>
        /// <returns>The authority's reply.</returns>
        public Reply Restore(string deviceId) => Ask(native.Restore, deviceId);

        /// <summary>Removes a device for good.</summary>
        /// <param name="deviceId">The device.</param>
        /// <returns>The authority's reply.</returns>
        public Reply Remove(string deviceId) => Ask(native.Remove, deviceId);

        /// <summary>Lists the organisation's devices, active and revoked.</summary>
        /// <returns>The authority's reply.</returns>
        public Reply ListDevices() => Ask(native.ListDevices);

        /// <summary>Tells the organisation's plan: tier, state, limit, devices used.</summary>
        /// <returns>The authority's reply.</returns>
        public Reply Usage() => Ask(native.Usage);

        /// <summary>Tells what the client has done so far, in counters. It asks nobody and does not block.</summary>
        /// <returns>The counters of mid_client_stats, which docs/observability.md lists.</returns>
        public JsonValue Stats() => Ask(native.ClientStats).Value;

        /// <summary>Whether the client is open. It shows no key.</summary>
        /// <returns>The line.</returns>
        public override string ToString() => "MachineID client, " + (handle.IsClosed ? "closed" : "open");

        private static byte[] Bytes(string options) => options == null ? null : Texts.Bytes("options", options);

        private Reply Ask(Native.AskDevice operation, string deviceId)
        {
            byte[] id = Texts.Bytes(nameof(deviceId), deviceId);
            return Texts.Checked(operation(Handle, id, out IntPtr json), json);
        }

        private Reply Ask(Native.AskClient operation) => Texts.Checked(operation(Handle, out IntPtr json), json);
    }
}
