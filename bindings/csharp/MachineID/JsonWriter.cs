using System.Globalization;
using System.Text;

namespace MachineID
{
    /// <summary>Writes the objects that the library takes as options.</summary>
    internal sealed class JsonWriter
    {
        private readonly StringBuilder output = new StringBuilder("{");

        internal JsonWriter Add(string name, string value)
        {
            if (value == null) return this;
            Name(name);
            Quote(output, value);
            return this;
        }

        internal JsonWriter Add(string name, int? value)
        {
            if (value == null) return this;
            Name(name);
            output.Append(value.Value.ToString(CultureInfo.InvariantCulture));
            return this;
        }

        public override string ToString() => output + "}";

        private void Name(string name)
        {
            if (output.Length > 1) output.Append(',');
            Quote(output, name);
            output.Append(':');
        }

        internal static void Quote(StringBuilder output, string text)
        {
            output.Append('"');
            foreach (char c in text)
            {
                if (c == '"' || c == '\\') output.Append('\\').Append(c);
                else if (c < ' ') output.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                else output.Append(c);
            }
            output.Append('"');
        }
    }
}
