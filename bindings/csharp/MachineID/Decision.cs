using System;

namespace MachineID
{
    /// <summary>The answer about one device. It is true in a condition when the device is allowed, and false otherwise:
    /// <c>if (client.Validate("agent-01")) Work();</c> It is never null, and comparing it does not compile.</summary>
    public sealed class Decision
    {
        internal Decision(string deviceId, bool allowed, Status status, Reply reply)
        {
            DeviceId = deviceId;
            Allowed = allowed;
            Status = status;
            Reply = reply;
        }

        /// <summary>The device that was asked about.</summary>
        public string DeviceId { get; }

        /// <summary>Whether the device may run now. Gate on this, or on the decision itself, and on nothing
        /// else.</summary>
        public bool Allowed { get; }

        /// <summary>Ok: the authority decided. Otherwise it did not, and nothing is allowed.</summary>
        public Status Status { get; }

        /// <summary>All that the authority or the library said.</summary>
        public Reply Reply { get; }

        /// <summary>Why, such as "ALLOW", "DEVICE_REVOKED" or "CLIENT_TIMEOUT".</summary>
        public string Code => Reply.Code;

        /// <summary>The id under which the authority knows the request, for your log; null where there is
        /// none.</summary>
        public string RequestId => Reply.RequestId;

        /// <summary>One line for a person, whose wording may change, or null.</summary>
        public string Reason => Reply.Reason;

        /// <summary>The HTTP status of an outage or of a reply that is no answer; null where the library does not tell
        /// it.</summary>
        public int? HttpStatus => Reply.HttpStatus;

        /// <summary>Null when the device is allowed. Otherwise the exception that <see cref="Client.Require"/>
        /// throws.</summary>
        public MachineIDException Error => Allowed ? null : MachineIDException.Of(Status, Reply);

        /// <summary>Whether the device may run now.</summary>
        /// <param name="decision">The decision; null is no.</param>
        public static implicit operator bool(Decision decision) => (object)decision != null && decision.Allowed;

        /// <summary>Does not compile: a decision is never null, and would always differ.</summary>
        /// <param name="a">A decision.</param>
        /// <param name="b">A decision.</param>
        /// <returns>Nothing.</returns>
        [Obsolete("A decision is never null. Gate on it, or on its Allowed.", true)]
        public static NoComparison operator ==(Decision a, Decision b) => null;

        /// <summary>Does not compile: a decision is never null, and would always differ.</summary>
        /// <param name="a">A decision.</param>
        /// <param name="b">A decision.</param>
        /// <returns>Nothing.</returns>
        [Obsolete("A decision is never null. Gate on it, or on its Allowed.", true)]
        public static NoComparison operator !=(Decision a, Decision b) => null;

        /// <summary>Whether it is the same object.</summary>
        /// <param name="other">Another object.</param>
        /// <returns>Whether it is the same.</returns>
        public override bool Equals(object other) => ReferenceEquals(this, other);

        /// <summary>The hash code of the object.</summary>
        /// <returns>The hash code.</returns>
        public override int GetHashCode() => base.GetHashCode();

        /// <summary>A line for a log.</summary>
        /// <returns>The line.</returns>
        public override string ToString()
        {
            string word = Allowed ? "allowed" : Status == Status.Ok ? "denied" : "not allowed";
            string line = DeviceId + ": " + word + ", " + Code;
            return RequestId == null ? line : line + " (request id " + RequestId + ")";
        }
    }

    /// <summary>What comparing decisions gives: no condition, so that <c>decision != null</c> does not
    /// compile.</summary>
    public sealed class NoComparison
    {
        private NoComparison() { }
    }
}
