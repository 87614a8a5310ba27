package io.machineid;

import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/** Texts for the library, and texts from it. */
final class Texts {
    private Texts() {}

    /**
     * Returns a text for the library, UTF-8 with a NUL at its end. What cannot be passed on is an exception that names
     * the parameter and does not show the text, which may be the org key. A NUL would cut the text short, and half of a
     * surrogate pair would become a question mark, so that the call would concern another device.
     */
    static byte[] cString(String name, String text) {
        byte[] encoded = checked(name, text).getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(encoded, encoded.length + 1);
    }

    /** Checks a text as {@link #cString} does. */
    static String checked(String name, String text) {
        Objects.requireNonNull(text, () -> name + " must not be null");
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(name + " must be a text without NUL");
        }
        if (text.codePoints().anyMatch(one -> one >= Character.MIN_SURROGATE && one <= Character.MAX_SURROGATE)) {
            throw new IllegalArgumentException(name + " must be a text without lone surrogates");
        }
        return text;
    }

    /** Returns a static text of the library's. */
    static String staticText(long address) {
        return new Pointer(address).getString(0, StandardCharsets.UTF_8.name());
    }

    /** Copies and frees a text from a json parameter; null where there is none. */
    static String taken(long[] json) {
        if (json[0] == 0) {
            return null;
        }
        try {
            return staticText(json[0]);
        } finally {
            Mid.mid_free(json[0]);
            json[0] = 0;
        }
    }

    /** Copies and frees a reply. The answer is the library's flag, whatever a reply looks like to Java. */
    static Reply reply(long[] json) {
        String text = taken(json);
        return text == null ? Reply.EMPTY : new Reply(text);
    }

    /** Returns what a call told, or throws the exception for its status. */
    static Reply result(int status, long[] json) {
        Reply reply = reply(json);
        if (status != Status.OK.number()) {
            throw MachineIDException.of(status, reply);
        }
        return reply;
    }
}
