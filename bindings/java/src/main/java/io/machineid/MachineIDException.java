package io.machineid;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The authority did not do what was asked, or was not asked. Its subclasses say why; where there is none, as for an
 * option that cannot be used or a client that was cancelled, {@link #status()} does.
 *
 * <p>The org key is in no text of an exception. Arguments that are no such exception's matter, such as null or a device
 * id with a NUL inside, are Java's own {@link NullPointerException} and {@link IllegalArgumentException}, and a call on
 * a closed client is an {@link IllegalStateException}.
 */
public class MachineIDException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final Pattern HTTP_STATUS = Pattern.compile("HTTP (\\d{3})\\b.*", Pattern.DOTALL);

    /** The number of the status. */
    private final int statusNumber;
    /** All that was said. */
    private final Reply reply;

    MachineIDException(int statusNumber, Reply reply, String line) {
        super(line);
        this.statusNumber = statusNumber;
        this.reply = reply;
    }

    /** Returns the exception for a status. One that this package does not know is no answer. */
    static MachineIDException of(int number, Reply reply) {
        switch (Status.of(number)) {
            case OK:
                return new DeniedException(reply);
            case REFUSED:
                return new RefusedException(reply);
            case INVALID_ARGUMENT:
            case INVALID_OPTIONS:
            case NO_ORG_KEY:
            case CANCELLED:
            case OUT_OF_MEMORY:
            case INTERNAL:
                return new MachineIDException(number, reply, line(number, reply));
            default:
                return new NoAnswerException(number, reply);
        }
    }

    static String line(int number, Reply reply) {
        String message = reply.message();
        return Status.text(number) + " " + reply.code() + (message == null ? "" : ": " + message) + withId(reply);
    }

    static String withId(Reply reply) {
        return reply.requestId() == null ? "" : " (request id " + reply.requestId() + ")";
    }

    /**
     * Returns the status. After a denial it is {@link Status#OK}, because the authority decided.
     *
     * @return the status; {@link Status#UNKNOWN} for a number without a name
     */
    public Status status() {
        return Status.of(statusNumber);
    }

    /**
     * Returns the number of the status, also of one that this package does not know.
     *
     * @return a number of {@code machineid.h}
     */
    public int statusNumber() {
        return statusNumber;
    }

    /**
     * Returns the authority's word for it, such as "DEVICE_REVOKED" or "device_limit_reached"; or the library's, such
     * as "CLIENT_TIMEOUT".
     *
     * @return the code; null where there is none
     */
    public String code() {
        return reply.code();
    }

    /**
     * Returns the authority's name for the request: log it, support asks for it. {@link #getMessage()} shows it too.
     *
     * @return the request id; null where the authority gave none
     */
    public String requestId() {
        return reply.requestId();
    }

    /**
     * Returns the HTTP status of an outage, or of a reply that is no answer.
     *
     * @return the status; empty where the library does not tell it
     */
    public OptionalInt httpStatus() {
        String code = reply.code();
        String message = reply.message();
        if (code == null || message == null || !code.startsWith("CLIENT_")) {
            return OptionalInt.empty();
        }
        Matcher found = HTTP_STATUS.matcher(message);
        return found.matches() ? OptionalInt.of(Integer.parseInt(found.group(1))) : OptionalInt.empty();
    }

    /**
     * Returns all that the authority or the library said.
     *
     * @return the reply; never null
     */
    public Reply reply() {
        return reply;
    }
}
