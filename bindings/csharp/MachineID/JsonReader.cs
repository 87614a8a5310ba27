using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace MachineID
{
    /// <summary>Reads the texts that the library hands out. The library has decided before this code sees a reply, so
    /// nothing here can turn a denial into an allow. What it cannot read is null.</summary>
    internal struct JsonReader
    {
        /// <summary>How deep arrays and objects may be nested. A text that is deeper reads as null.</summary>
        internal const int MaxDepth = 128;

        private static readonly JsonValue True = new JsonValue(JsonKind.Boolean, "true", null, null);
        private static readonly JsonValue False = new JsonValue(JsonKind.Boolean, "false", null, null);

        private readonly string text;
        private int at;

        private JsonReader(string text)
        {
            this.text = text;
            at = 0;
        }

        internal static JsonValue Read(string text)
        {
            var reader = new JsonReader(text);
            try
            {
                JsonValue value = reader.Value(0);
                reader.Space();
                return reader.at == text.Length ? value : JsonValue.Null;
            }
            catch (FormatException)
            {
                return JsonValue.Null;
            }
        }

        private JsonValue Value(int depth)
        {
            Space();
            switch (Peek())
            {
                case '{': return Object(depth);
                case '[': return Array(depth);
                case '"': return new JsonValue(JsonKind.String, String(), null, null);
                case 't': return Word("true", True);
                case 'f': return Word("false", False);
                case 'n': return Word("null", JsonValue.Null);
                default: return new JsonValue(JsonKind.Number, Number(), null, null);
            }
        }

        private JsonValue Object(int depth)
        {
            if (depth == MaxDepth) throw new FormatException();
            var members = new Dictionary<string, JsonValue>(StringComparer.Ordinal);
            at++;
            Space();
            if (!Take('}'))
            {
                do
                {
                    Space();
                    if (Peek() != '"') throw new FormatException();
                    string name = String();
                    Space();
                    Expect(':');
                    members[name] = Value(depth + 1);
                    Space();
                }
                while (Take(','));
                Expect('}');
            }
            return new JsonValue(JsonKind.Object, null, null, members);
        }

        private JsonValue Array(int depth)
        {
            if (depth == MaxDepth) throw new FormatException();
            var elements = new List<JsonValue>();
            at++;
            Space();
            if (!Take(']'))
            {
                do
                {
                    elements.Add(Value(depth + 1));
                    Space();
                }
                while (Take(','));
                Expect(']');
            }
            return new JsonValue(JsonKind.Array, null, elements, null);
        }

        private string String()
        {
            int start = ++at;
            while (Peek() != '"' && Peek() != '\\') Plain();
            if (Peek() == '"') return text.Substring(start, at++ - start);
            var output = new StringBuilder(text, start, at - start, at - start + 32);
            while (!Take('"'))
            {
                if (Take('\\')) output.Append(Escaped());
                else output.Append(Plain());
            }
            return output.ToString();
        }

        private char Plain()
        {
            char c = Peek();
            if (c < ' ') throw new FormatException();
            at++;
            return c;
        }

        private char Escaped()
        {
            char c = Peek();
            at++;
            switch (c)
            {
                case '"':
                case '\\':
                case '/': return c;
                case 'b': return '\b';
                case 'f': return '\f';
                case 'n': return '\n';
                case 'r': return '\r';
                case 't': return '\t';
                case 'u':
                    if (at + 4 > text.Length) throw new FormatException();
                    string digits = text.Substring(at, 4);
                    at += 4;
                    return (char)ushort.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                default: throw new FormatException();
            }
        }

        /// <summary>A number stays as it was written, so that none is too large or too exact.</summary>
        private string Number()
        {
            int start = at;
            Take('-');
            if (!Take('0')) Digits();
            if (Take('.')) Digits();
            if (Take('e') || Take('E'))
            {
                if (!Take('+')) Take('-');
                Digits();
            }
            return text.Substring(start, at - start);
        }

        private void Digits()
        {
            int start = at;
            while (at < text.Length && text[at] >= '0' && text[at] <= '9') at++;
            if (at == start) throw new FormatException();
        }

        private JsonValue Word(string word, JsonValue value)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) throw new FormatException();
            at += word.Length;
            return value;
        }

        private void Space()
        {
            while (at < text.Length && " \t\n\r".IndexOf(text[at]) >= 0) at++;
        }

        private char Peek() => at < text.Length ? text[at] : throw new FormatException();

        private bool Take(char c)
        {
            if (at >= text.Length || text[at] != c) return false;
            at++;
            return true;
        }

        private void Expect(char c)
        {
            if (!Take(c)) throw new FormatException();
        }
    }
}
