namespace MachineID
{
    /// <summary>What a call came to, as in machineid.h. The numbers never change. A later library may have more within
    /// these groups: from 100 nothing was sent, from 200 no answer came, from 300 what came is no answer, from 400 the
    /// reason is on this side.</summary>
    public enum Status
    {
        /// <summary>The authority answered, to a question about a device with a decision.</summary>
        Ok = 0,

        /// <summary>The authority answered with an API error: stop.</summary>
        Refused = 1,

        /// <summary>An org key or a device id that cannot be sent: correct it.</summary>
        InvalidArgument = 100,

        /// <summary>An unknown option or a bad value: correct it.</summary>
        InvalidOptions = 101,

        /// <summary>No variable or file has the org key, or it may not be read: set one.</summary>
        NoOrgKey = 102,

        /// <summary>The host name of the authority or the proxy was not found: stop, and try later.</summary>
        ResolveFailed = 200,

        /// <summary>Refused, unreachable, too slow, or turned away by the proxy: stop, and try later.</summary>
        ConnectFailed = 201,

        /// <summary>Certificate, host name, pin or handshake does not fit: stop, and read the message.</summary>
        TlsFailed = 202,

        /// <summary>The connection broke before the reply was complete: stop, and try later.</summary>
        TransferFailed = 203,

        /// <summary>The time of the call passed first: stop, and try later.</summary>
        Timeout = 204,

        /// <summary>An outage, HTTP 408, 429 or 5xx: stop, and try later.</summary>
        Unavailable = 205,

        /// <summary>What came back is not an answer: stop, and read the message.</summary>
        BadReply = 300,

        /// <summary>The client was cancelled or disposed: make a new one.</summary>
        Cancelled = 400,

        /// <summary>Memory was refused: stop, and try later.</summary>
        OutOfMemory = 401,

        /// <summary>The system or a library below refused what is needed: stop, and read the message.</summary>
        Internal = 402,
    }

    /// <summary>The names of statuses.</summary>
    public static class StatusNames
    {
        /// <summary>The name in machineid.h, such as "MID_TIMEOUT"; "MID_UNKNOWN_STATUS" for a number without
        /// one.</summary>
        /// <param name="status">Any status.</param>
        /// <returns>The name.</returns>
        public static string Name(this Status status) => Texts.Copy(Native.Library.StatusName((int)status));

        // The library names the status of one device of several in the code of a failure.
        internal static Status Of(Reply reply, Status otherwise)
        {
            const string prefix = "CLIENT_";
            string code = reply.Code;
            if (code == null || !code.StartsWith(prefix, System.StringComparison.Ordinal)) return otherwise;
            string name = "MID_" + code.Substring(prefix.Length);
            foreach (Status status in System.Enum.GetValues(typeof(Status)))
            {
                if (status.Name() == name) return status;
            }
            // One that this package does not know counts as no answer.
            return Status.BadReply;
        }
    }
}
