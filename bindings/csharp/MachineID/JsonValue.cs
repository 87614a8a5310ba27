using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace MachineID
{
    /// <summary>What a <see cref="JsonValue"/> is.</summary>
    public enum JsonKind
    {
        /// <summary>null, or nothing.</summary>
        Null,

        /// <summary>true or false.</summary>
        Boolean,

        /// <summary>A number, of any size.</summary>
        Number,

        /// <summary>A string.</summary>
        String,

        /// <summary>An array.</summary>
        Array,

        /// <summary>An object.</summary>
        Object,
    }

    /// <summary>A value in JSON. What does not exist is of the kind Null: <c>value["a"][7]</c> never throws. It is no
    /// condition, so that no member of a reply can be taken for a decision by mistake.</summary>
    public sealed class JsonValue : IReadOnlyList<JsonValue>
    {
        internal static readonly JsonValue Null = new JsonValue(JsonKind.Null, null, null, null);

        private readonly string text;
        private readonly List<JsonValue> elements;
        private readonly Dictionary<string, JsonValue> members;

        internal JsonValue(
            JsonKind kind, string text, List<JsonValue> elements, Dictionary<string, JsonValue> members)
        {
            Kind = kind;
            this.text = text;
            this.elements = elements;
            this.members = members;
        }

        /// <summary>What it is.</summary>
        public JsonKind Kind { get; }

        /// <summary>The member of an object with this name.</summary>
        /// <param name="name">The name.</param>
        public JsonValue this[string name] =>
            members != null && name != null && members.TryGetValue(name, out JsonValue found) ? found : Null;

        /// <summary>The element of an array at this index, from 0.</summary>
        /// <param name="index">The index.</param>
        public JsonValue this[int index] =>
            elements != null && index >= 0 && index < elements.Count ? elements[index] : Null;

        /// <summary>How many elements an array has, or members an object; otherwise 0.</summary>
        public int Count => elements?.Count ?? members?.Count ?? 0;

        /// <summary>The names of an object's members; otherwise none.</summary>
        public IEnumerable<string> Names => members != null ? members.Keys : (IEnumerable<string>)new string[0];

        /// <summary>The string, where it is one, otherwise null.</summary>
        /// <returns>The string or null.</returns>
        public string AsString() => Kind == JsonKind.String ? text : null;

        /// <summary>The truth value, where it is one, otherwise null.</summary>
        /// <returns>The value or null.</returns>
        public bool? AsBoolean() => Kind == JsonKind.Boolean ? text == "true" : (bool?)null;

        /// <summary>The number, where it is one that is whole and fits, otherwise null.</summary>
        /// <returns>The number or null.</returns>
        public long? AsInt64() =>
            Kind == JsonKind.Number &&
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
                ? number : (long?)null;

        /// <summary>The number, where it is one and fits, otherwise null.</summary>
        /// <returns>The number or null.</returns>
        public double? AsDouble() =>
            Kind == JsonKind.Number &&
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) &&
            !double.IsInfinity(number)
                ? number : (double?)null;

        /// <summary>The elements of an array; otherwise none.</summary>
        /// <returns>An enumerator.</returns>
        public IEnumerator<JsonValue> GetEnumerator() =>
            (elements ?? (IEnumerable<JsonValue>)new JsonValue[0]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        /// <summary>A string as it is, nothing for null, and all else as JSON.</summary>
        /// <returns>The text.</returns>
        public override string ToString()
        {
            if (Kind == JsonKind.Null) return "";
            if (Kind == JsonKind.String) return text;
            var output = new StringBuilder();
            Write(output);
            return output.ToString();
        }

        private void Write(StringBuilder output)
        {
            switch (Kind)
            {
                case JsonKind.String:
                    JsonWriter.Quote(output, text);
                    break;
                case JsonKind.Array:
                    output.Append('[');
                    for (int i = 0; i < elements.Count; i++)
                    {
                        if (i > 0) output.Append(',');
                        elements[i].Write(output);
                    }
                    output.Append(']');
                    break;
                case JsonKind.Object:
                    output.Append('{');
                    bool isFirst = true;
                    foreach (KeyValuePair<string, JsonValue> member in members)
                    {
                        if (!isFirst) output.Append(',');
                        isFirst = false;
                        JsonWriter.Quote(output, member.Key);
                        output.Append(':');
                        member.Value.Write(output);
                    }
                    output.Append('}');
                    break;
                default:
                    output.Append(text ?? "null");
                    break;
            }
        }
    }
}
