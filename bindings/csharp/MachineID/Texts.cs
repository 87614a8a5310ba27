using System;
using System.Text;

namespace MachineID
{
    /// <summary>Converts texts for the library and from it.</summary>
    internal static unsafe class Texts
    {
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);

        /// <summary>A text as UTF-8 that ends with NUL. A NUL within it would cut it short, and half of a surrogate
        /// pair would become U+FFFD, so that the call would concern another device. The error does not show the text,
        /// which may be the org key.</summary>
        internal static byte[] Bytes(string parameter, string text, string what = null)
        {
            what = what ?? parameter;
            if (text == null) throw new ArgumentNullException(parameter, what + " is null");
            if (text.IndexOf('\0') >= 0) throw new ArgumentException(what + " has a NUL inside", parameter);
            try
            {
                var bytes = new byte[Strict.GetByteCount(text) + 1];
                Strict.GetBytes(text, 0, text.Length, bytes, 0);
                return bytes;
            }
            // EncoderFallbackException, whose message has the character.
            catch (ArgumentException)
            {
                throw new ArgumentException(what + " has half of a surrogate pair", parameter);
            }
        }

        /// <summary>Copies a text of the library's; null for none.</summary>
        internal static string Copy(IntPtr text)
        {
            if (text == IntPtr.Zero) return null;
            var start = (byte*)text;
            long length = 0;
            while (start[length] != 0) length++;
            return Encoding.UTF8.GetString(start, checked((int)length));
        }

        /// <summary>Copies a text that the library has made, and frees it.</summary>
        internal static string Take(IntPtr text)
        {
            try { return Copy(text) ?? ""; }
            finally { Native.Library.Free(text); }
        }

        internal static Reply TakeReply(IntPtr text)
        {
            string copy = Take(text);
            return copy.Length == 0 ? Reply.Empty : new Reply(copy);
        }

        /// <summary>The reply to a call that has no other result, or the error.</summary>
        internal static Reply Checked(int status, IntPtr text)
        {
            Reply reply = TakeReply(text);
            return status == (int)Status.Ok ? reply : throw MachineIDException.Of((Status)status, reply);
        }
    }
}
