using System;

namespace MachineID
{
    /// <summary>The authority did not do what was asked, or was not asked. The subclasses <see
    /// cref="DeniedException"/>, <see cref="RefusedException"/> and <see cref="NoAnswerException"/> say why; an error
    /// of none of them is about this side, and <see cref="Status"/> says what. No text of an error has the org key in
    /// it.</summary>
    public class MachineIDException : Exception
    {
        internal MachineIDException(Status status, Reply reply) : base(Line(status, reply))
        {
            Status = status;
            Reply = reply;
        }

        /// <summary>The status of machineid.h. Ok where the authority decided: the device is denied.</summary>
        public Status Status { get; }

        /// <summary>All that the authority or the library said.</summary>
        public Reply Reply { get; }

        /// <summary>Why, such as "DEVICE_REVOKED", "device_limit_reached" or "CLIENT_TIMEOUT".</summary>
        public string Code => Reply.Code;

        /// <summary>The id under which the authority knows the request, for your log; null where there is
        /// none.</summary>
        public string RequestId => Reply.RequestId;

        /// <summary>One line for a person, whose wording may change. <see cref="Exception.Message"/> has it after the
        /// status and the code, and then the request id.</summary>
        public string Reason => Reply.Reason;

        /// <summary>The HTTP status of an outage or of a reply that is no answer; null where the library does not tell
        /// it.</summary>
        public int? HttpStatus => Reply.HttpStatus;

        /// <summary>The error for a status. One that this package does not know is no answer.</summary>
        internal static MachineIDException Of(Status status, Reply reply)
        {
            switch (status)
            {
                case Status.Ok: return new DeniedException(reply);
                case Status.Refused: return new RefusedException(reply);
                case Status.InvalidArgument:
                case Status.InvalidOptions:
                case Status.NoOrgKey:
                case Status.Cancelled:
                case Status.OutOfMemory:
                case Status.Internal: return new MachineIDException(status, reply);
                default: return new NoAnswerException(status, reply);
            }
        }

        private static string Line(Status status, Reply reply)
        {
            string line = status == Status.Ok
                ? "not allowed: " + reply.Code
                : status.Name() + " " + reply.Code + (reply.Reason == null ? "" : ": " + reply.Reason);
            return reply.RequestId == null ? line : line + " (request id " + reply.RequestId + ")";
        }
    }

    /// <summary>The authority decided: this device may not run. Stop.</summary>
    public sealed class DeniedException : MachineIDException
    {
        internal DeniedException(Reply reply) : base(Status.Ok, reply) { }
    }

    /// <summary>The authority refused the request: an unknown org key, an unknown device, "device_limit_reached". It is
    /// no decision about the device. Stop.</summary>
    public sealed class RefusedException : MachineIDException
    {
        internal RefusedException(Reply reply) : base(Status.Refused, reply) { }
    }

    /// <summary>There is no answer: an outage, a timeout, a broken connection. Nothing is allowed now. Stop, and try
    /// later.</summary>
    public sealed class NoAnswerException : MachineIDException
    {
        internal NoAnswerException(Status status, Reply reply) : base(status, reply) { }
    }
}
