using System.Text.RegularExpressions;

namespace MachineID
{
    /// <summary>What the authority replied, or what the library says in its place. It decides nothing: gate on a
    /// <see cref="Decision"/>.</summary>
    public sealed class Reply
    {
        private static readonly Regex Outage = new Regex("^HTTP ([0-9]{3})\\b", RegexOptions.CultureInvariant);

        internal static readonly Reply Empty = new Reply("");

        internal Reply(string text) : this(text, JsonReader.Read(text)) { }

        internal Reply(string text, JsonValue value)
        {
            Text = text;
            Value = value;
        }

        /// <summary>A reply in the form of the library's own, for what fails in this package.</summary>
        internal static Reply Failure(string code, string message) =>
            new Reply(new JsonWriter().Add("code", code).Add("message", message).ToString());

        /// <summary>The reply as it came. It holds no org key.</summary>
        public string Text { get; }

        /// <summary>The reply as a value; of the kind Null where there is none, or where it is nested too deep for this
        /// package.</summary>
        public JsonValue Value { get; }

        /// <summary>The member with this name.</summary>
        /// <param name="name">The name.</param>
        public JsonValue this[string name] => Value[name];

        /// <summary>Why, such as "ALLOW", "DEVICE_REVOKED", "device_limit_reached" or "CLIENT_TIMEOUT"; null where the
        /// reply has no code.</summary>
        public string Code => Value["code"].AsString() ?? Value["error"].AsString();

        /// <summary>The id under which the authority knows the request, or null.</summary>
        public string RequestId => Value["request_id"].AsString();

        /// <summary>One line for a person, whose wording may change, or null.</summary>
        public string Reason => Value["message"].AsString() ?? Value["reason"].AsString();

        /// <summary>The HTTP status of an outage or of a reply that is no answer, where the library tells it.</summary>
        internal int? HttpStatus
        {
            get
            {
                if (Code == null || !Code.StartsWith("CLIENT_", System.StringComparison.Ordinal)) return null;
                Match match = Outage.Match(Reason ?? "");
                return match.Success ? int.Parse(match.Groups[1].Value) : (int?)null;
            }
        }

        /// <summary>The reply as it came.</summary>
        /// <returns>The text.</returns>
        public override string ToString() => Text;
    }
}
