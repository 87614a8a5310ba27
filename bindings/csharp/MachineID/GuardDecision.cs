namespace MachineID
{
    /// <summary>What a guard is.</summary>
    public enum GuardState
    {
        /// <summary>The last allow is young enough.</summary>
        On,

        /// <summary>No answer has come for too long. It asks on, and is on again after the next allow.</summary>
        Lapsed,

        /// <summary>The authority said no. Final: a later unrevoke does not bring it back.</summary>
        Denied,

        /// <summary>Cancelled, stopped, or its client was disposed. Final.</summary>
        Ended,
    }

    /// <summary>What a guard knew at one moment, for your log. It is no condition: gate on
    /// <see cref="Guard.Allowed"/>.</summary>
    public sealed class GuardDecision
    {
        private GuardDecision(string deviceId, bool allowed, GuardState state, JsonValue told)
        {
            DeviceId = deviceId;
            Allowed = allowed;
            State = state;
            AgeMs = told["age_ms"].AsInt64() ?? 0;
            Checks = told["checks"].AsInt64() ?? 0;
            Failures = told["failures"].AsInt64() ?? 0;
            Reply = ReplyOf(told["decision"]);
            Reply failed = ReplyOf(told["failure"]);
            if (failed != null) Failure = MachineIDException.Of(StatusNames.Of(failed, Status.Refused), failed);
            this.told = told;
        }

        private readonly JsonValue told;

        /// <summary>The device.</summary>
        public string DeviceId { get; }

        /// <summary>Whether the device was allowed at that moment.</summary>
        public bool Allowed { get; }

        /// <summary>On, Lapsed, Denied or Ended.</summary>
        public GuardState State { get; }

        /// <summary>How many milliseconds before that moment the question was sent whose answer is
        /// <see cref="Reply"/>.</summary>
        public long AgeMs { get; }

        /// <summary>How many checks were made, the first one included.</summary>
        public long Checks { get; }

        /// <summary>How many checks since the last decision brought none.</summary>
        public long Failures { get; }

        /// <summary>The authority's last answer, or null.</summary>
        public Reply Reply { get; }

        /// <summary>Why the last check brought no decision; null where it brought one.</summary>
        public MachineIDException Failure { get; }

        /// <summary>The code of the last answer, or of the failure where there is no answer.</summary>
        public string Code => Reply == null ? Failure?.Code : Reply.Code;

        /// <summary>The request id of the last answer, for your log; null where there is none.</summary>
        public string RequestId => Reply?.RequestId;

        /// <summary>Null where the device was allowed. Otherwise why it was not.</summary>
        public MachineIDException Error
        {
            get
            {
                if (Allowed) return null;
                if (State == GuardState.Denied) return new DeniedException(Reply ?? MachineID.Reply.Empty);
                if (Failure != null) return Failure;
                string message = "the guard has " + (State == GuardState.Lapsed ? "lapsed" : "ended");
                return MachineIDException.Of(
                    Status.Cancelled, MachineID.Reply.Failure("CLIENT_CANCELLED", message));
            }
        }

        /// <summary>A line for a log.</summary>
        /// <returns>The line.</returns>
        public override string ToString()
        {
            string line = DeviceId + ": " + State.ToString().ToLowerInvariant() + ", " + Code;
            return RequestId == null ? line : line + " (request id " + RequestId + ")";
        }

        internal static GuardDecision Of(string deviceId, bool allowed, JsonValue told)
        {
            switch (told["state"].AsString())
            {
                case "on": return new GuardDecision(deviceId, allowed, GuardState.On, told);
                case "lapsed": return new GuardDecision(deviceId, allowed, GuardState.Lapsed, told);
                case "denied": return new GuardDecision(deviceId, allowed, GuardState.Denied, told);
                default: return new GuardDecision(deviceId, allowed, GuardState.Ended, told);
            }
        }

        /// <summary>The same, when the guard has been stopped at that moment.</summary>
        internal GuardDecision Stopped() => new GuardDecision(
            DeviceId, false, State == GuardState.Denied ? GuardState.Denied : GuardState.Ended, told);

        private static Reply ReplyOf(JsonValue value) =>
            value.Kind == JsonKind.Object ? new Reply(value.ToString(), value) : null;
    }
}
