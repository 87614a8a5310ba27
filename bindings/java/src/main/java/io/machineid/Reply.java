package io.machineid;

import java.io.Serializable;
import java.util.Collections;
import java.util.Map;

/**
 * What the authority or the library said: a JSON object. A reply that Java cannot read is an empty one; whether a
 * device is allowed does not depend on it.
 */
public final class Reply implements Serializable {
    private static final long serialVersionUID = 1;
    static final Reply EMPTY = new Reply("{}");

    /** The text. */
    private final String json;
    /** Its members, read from the text when they are first asked for. */
    private transient volatile Map<String, Object> members;

    Reply(String json) {
        this.json = json;
    }

    /**
     * Returns a member that is a text.
     *
     * @param name the member's name, such as "status"
     * @return the text; null where there is no such member, or where it is no text
     */
    public String text(String name) {
        Object value = asMap().get(name);
        return value instanceof String ? (String) value : null;
    }

    /**
     * Returns all members. Values are maps, lists, strings, booleans, {@link Long} and {@link Double}, and null.
     *
     * @return a map that cannot be changed
     */
    public Map<String, Object> asMap() {
        Map<String, Object> read = members;
        if (read == null) {
            read = membersOf(Json.parsed(json));
            members = read;
        }
        return read;
    }

    /** Returns the JSON text, byte for byte as it came, for a parser of your own. */
    @Override
    public String toString() {
        return json;
    }

    /** Returns the members of a value that has been read, none where it is no object. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> membersOf(Object value) {
        return value instanceof Map ? (Map<String, Object>) value : Collections.emptyMap();
    }

    /** Returns the reply that is a member of this one; null where there is none. */
    Reply inner(String name) {
        Object value = asMap().get(name);
        return value instanceof Map ? of(membersOf(value)) : null;
    }

    /** Makes a reply of members that have been read. */
    static Reply of(Map<String, Object> members) {
        Reply reply = new Reply(Json.written(members));
        reply.members = members;
        return reply;
    }

    long number(String name) {
        Object value = asMap().get(name);
        return value instanceof Long ? (Long) value : 0;
    }

    boolean isTrue(String name) {
        return Boolean.TRUE.equals(asMap().get(name));
    }

    /** Returns why: a decision has a "code", and an API error of the authority an "error". */
    String code() {
        return text(asMap().get("code") != null ? "code" : "error");
    }

    String message() {
        return text(asMap().get("message") != null ? "message" : "reason");
    }

    String requestId() {
        return text("request_id");
    }
}
