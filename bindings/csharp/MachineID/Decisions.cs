using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace MachineID
{
    /// <summary>The answers about several devices, in the order of the question. It is true in a condition when there
    /// is at least one and all are allowed. Each decision in it is true or false by itself.</summary>
    public sealed class Decisions : IReadOnlyList<Decision>
    {
        private readonly Decision[] decisions;

        internal Decisions(IReadOnlyList<string> deviceIds, int[] flags, Status status, JsonValue told)
        {
            decisions = new Decision[deviceIds.Count];
            // The text is an array with a reply for each device, or an object where the call failed as a whole.
            bool isEach = told.Kind == JsonKind.Array && told.Count == deviceIds.Count;
            for (int i = 0; i < decisions.Length; i++)
            {
                JsonValue value = isEach ? told[i] : told;
                var reply = new Reply(value.ToString(), value);
                decisions[i] = new Decision(deviceIds[i], flags[i] == 1, StatusOf(reply, flags[i] == 1, status), reply);
            }
        }

        /// <summary>Whether there is at least one device and all are allowed.</summary>
        public bool AllAllowed => decisions.Length > 0 && decisions.All(decision => decision.Allowed);

        /// <summary>The ids of the devices that may run now.</summary>
        public IEnumerable<string> Allowed => decisions.Where(one => one.Allowed).Select(one => one.DeviceId);

        /// <summary>The ids of all others: those that the authority denies, and those without a decision.</summary>
        public IEnumerable<string> Denied => decisions.Where(one => !one.Allowed).Select(one => one.DeviceId);

        /// <summary>How many there are.</summary>
        public int Count => decisions.Length;

        /// <summary>The decision at this index, from 0.</summary>
        /// <param name="index">The index.</param>
        public Decision this[int index] => decisions[index];

        /// <summary>Whether there is at least one device and all are allowed.</summary>
        /// <param name="decisions">The decisions; null is no.</param>
        public static implicit operator bool(Decisions decisions) => (object)decisions != null && decisions.AllAllowed;

        /// <summary>Does not compile: the decisions are never null, and would always differ.</summary>
        /// <param name="a">Decisions.</param>
        /// <param name="b">Decisions.</param>
        /// <returns>Nothing.</returns>
        [Obsolete("The decisions are never null. Gate on them, or on AllAllowed.", true)]
        public static NoComparison operator ==(Decisions a, Decisions b) => null;

        /// <summary>Does not compile: the decisions are never null, and would always differ.</summary>
        /// <param name="a">Decisions.</param>
        /// <param name="b">Decisions.</param>
        /// <returns>Nothing.</returns>
        [Obsolete("The decisions are never null. Gate on them, or on AllAllowed.", true)]
        public static NoComparison operator !=(Decisions a, Decisions b) => null;

        /// <summary>Whether it is the same object.</summary>
        /// <param name="other">Another object.</param>
        /// <returns>Whether it is the same.</returns>
        public override bool Equals(object other) => ReferenceEquals(this, other);

        /// <summary>The hash code of the object.</summary>
        /// <returns>The hash code.</returns>
        public override int GetHashCode() => base.GetHashCode();

        /// <summary>The decisions, in the order of the question.</summary>
        /// <returns>An enumerator.</returns>
        public IEnumerator<Decision> GetEnumerator() => ((IEnumerable<Decision>)decisions).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => decisions.GetEnumerator();

        /// <summary>A line for a log.</summary>
        /// <returns>The line.</returns>
        public override string ToString() => Allowed.Count() + " of " + Count + " allowed";

        private static Status StatusOf(Reply reply, bool allowed, Status whole)
        {
            if (allowed || reply["allowed"].Kind == JsonKind.Boolean && reply.Code?.StartsWith("CLIENT_") != true)
            {
                return Status.Ok;
            }
            return StatusNames.Of(reply, reply.Value.Kind == JsonKind.Object ? Status.Refused : whole);
        }
    }
}
