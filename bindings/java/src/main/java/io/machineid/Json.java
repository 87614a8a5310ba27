package io.machineid;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Reads JSON into maps, lists, strings, booleans and numbers, and writes options. What it reads has passed the
 * library's own parser, or is the library's; what it cannot read counts as no text at all.
 */
final class Json {
    private static final int MOST_LEVELS = 200;

    private final String text;
    private int at;
    private int levels;

    private Json(String text) {
        this.text = text;
    }

    /** Returns the value of a text. Null is both the value null and what cannot be read. */
    static Object parsed(String text) {
        try {
            Json json = new Json(text);
            Object value = json.value();
            return json.next() == 0 ? value : null;
        } catch (IllegalArgumentException | IndexOutOfBoundsException unreadable) {
            return null;
        }
    }

    /** Returns a value as JSON: null, a boolean, a number, a string, a list or a map, and no other. */
    static String written(Object value) {
        if (value instanceof String) {
            return quoted((String) value);
        }
        if (value instanceof Map) {
            return Reply.membersOf(value).entrySet().stream()
                    .map(member -> quoted(member.getKey()) + ":" + written(member.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof List) {
            return ((List<?>) value).stream().map(Json::written).collect(Collectors.joining(",", "[", "]"));
        }
        // JSON has no infinity. This is a number again that is read as one.
        return String.valueOf(value).replace("Infinity", "1e999");
    }

    private static String quoted(String text) {
        StringBuilder written = new StringBuilder("\"");
        for (char one : text.toCharArray()) {
            if (one < ' ') {
                written.append(String.format("\\u%04x", (int) one));
            } else {
                written.append(one == '"' || one == '\\' ? "\\" : "").append(one);
            }
        }
        return written.append('"').toString();
    }

    /** Skips white space, and returns the character after it, 0 at the end. */
    private char next() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return at < text.length() ? text.charAt(at) : 0;
    }

    /** Goes on after this character, if it is the next one. */
    private boolean takes(char wanted) {
        boolean is = next() == wanted;
        at += is ? 1 : 0;
        return is;
    }

    private void expect(char wanted) {
        if (!takes(wanted)) {
            throw new IllegalArgumentException();
        }
    }

    private Object value() {
        char first = next();
        if (first == '"') {
            return string();
        }
        if (first == '{' || first == '[') {
            if (++levels > MOST_LEVELS) {
                throw new IllegalArgumentException();
            }
            at++;
            Object inside = first == '{' ? members() : elements();
            levels--;
            return inside;
        }
        int begin = at;
        while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        return scalar(text.substring(begin, at));
    }

    private static Object scalar(String word) {
        switch (word) {
            case "true":
                return true;
            case "false":
                return false;
            case "null":
                return null;
            default:
                return number(word);
        }
    }

    /** JSON sets no limit to a number. One that is no long becomes the nearest double, which may be infinite. */
    private static Object number(String word) {
        if (word.isEmpty() || "-0123456789".indexOf(word.charAt(0)) < 0 || "fFdD".indexOf(word.charAt(
                word.length() - 1)) >= 0) {
            throw new IllegalArgumentException();
        }
        try {
            return Long.parseLong(word);
        } catch (NumberFormatException noLong) {
            return Double.parseDouble(word);
        }
    }

    private Map<String, Object> members() {
        Map<String, Object> members = new LinkedHashMap<>();
        if (!takes('}')) {
            do {
                if (next() != '"') {
                    throw new IllegalArgumentException();
                }
                String name = string();
                expect(':');
                members.put(name, value());
            } while (takes(','));
            expect('}');
        }
        return Collections.unmodifiableMap(members);
    }

    private List<Object> elements() {
        List<Object> elements = new ArrayList<>();
        if (!takes(']')) {
            do {
                elements.add(value());
            } while (takes(','));
            expect(']');
        }
        return Collections.unmodifiableList(elements);
    }

    private String string() {
        StringBuilder read = new StringBuilder();
        for (at++; text.charAt(at) != '"'; at++) {
            read.append(text.charAt(at) == '\\' ? escaped() : text.charAt(at));
        }
        at++;
        return read.toString();
    }

    private char escaped() {
        char kind = text.charAt(++at);
        if (kind == 'u') {
            at += 4;
            return (char) Integer.parseInt(text.substring(at - 3, at + 1), 16);
        }
        int which = "\"\\/bfnrt".indexOf(kind);
        if (which < 0) {
            throw new IllegalArgumentException();
        }
        return "\"\\/\b\f\n\r\t".charAt(which);
    }
}
