package io.machineid;

/**
 * What a call came to: the statuses of {@code machineid.h}, by the same numbers. Only {@link #OK} and {@link #REFUSED}
 * are answers of the authority.
 */
public enum Status {
    /** The authority answered; about a device, with a decision, which may be a denial. */
    OK(0),
    /** The authority answered with an API error, such as an unknown org key or device. It is no decision. */
    REFUSED(1),
    /** An org key or a device id that cannot be sent. */
    INVALID_ARGUMENT(100),
    /** An option, or a variable in its place, that cannot be used. The message names it. */
    INVALID_OPTIONS(101),
    /** No variable or file has the org key, or it may not be read. */
    NO_ORG_KEY(102),
    /** The host name of the authority or the proxy was not found. */
    RESOLVE_FAILED(200),
    /** No connection: refused, unreachable, too slow, turned away by the proxy. */
    CONNECT_FAILED(201),
    /** Certificate, host name, pin or handshake does not fit. */
    TLS_FAILED(202),
    /** The connection broke before the reply was complete. */
    TRANSFER_FAILED(203),
    /** The time of the call passed first. */
    TIMEOUT(204),
    /** An outage: HTTP 408, 429 or 5xx, to the last try too. */
    UNAVAILABLE(205),
    /** What came back is not an answer. */
    BAD_REPLY(300),
    /** The client was cancelled or closed. */
    CANCELLED(400),
    /** Memory was refused. */
    OUT_OF_MEMORY(401),
    /** The system or a library below refused what is needed. The message says what. */
    INTERNAL(402),
    /** A status that this package does not know, which a later library may have. Treat it as no answer. */
    UNKNOWN(-1);

    private final int number;

    Status(int number) {
        this.number = number;
    }

    /** Returns the status with this number of {@code machineid.h}, or {@link #UNKNOWN}. */
    static Status of(int number) {
        for (Status status : values()) {
            if (status.number == number) {
                return status;
            }
        }
        return UNKNOWN;
    }

    /** Returns the status that a code of the library's own names, such as "CLIENT_TIMEOUT", or {@link #UNKNOWN}. */
    static Status ofCode(String code) {
        for (Status status : values()) {
            if (code.equals("CLIENT_" + status.name())) {
                return status;
            }
        }
        return UNKNOWN;
    }

    /** Returns the text for a number: the name, or for a number without a name that number too. */
    static String text(int number) {
        Status status = of(number);
        return status == UNKNOWN ? status + " " + number : status.toString();
    }

    /**
     * Returns the number that {@code machineid.h} has for it.
     *
     * @return the number; -1 for {@link #UNKNOWN}
     */
    public int number() {
        return number;
    }

    /** Returns the name that {@code machineid.h} has for it, such as "MID_TIMEOUT". */
    @Override
    public String toString() {
        return this == UNKNOWN ? "MID_UNKNOWN_STATUS" : "MID_" + name();
    }
}
