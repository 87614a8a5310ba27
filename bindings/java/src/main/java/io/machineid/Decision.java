package io.machineid;

/**
 * The answer about one device. Gate on {@link #isAllowed()} and nothing else. A decision is no condition, and never
 * null: {@code if (client.validate(id))} does not compile.
 */
public final class Decision {
    private final String deviceId;
    private final boolean allowed;
    private final int statusNumber;
    private final Reply reply;

    Decision(String deviceId, boolean allowed, int statusNumber, Reply reply) {
        this.deviceId = deviceId;
        this.allowed = allowed;
        this.statusNumber = statusNumber;
        this.reply = reply;
    }

    /**
     * Returns the device that was asked about.
     *
     * @return its id
     */
    public String deviceId() {
        return deviceId;
    }

    /**
     * May the device run now?
     *
     * @return true only after a complete, verified answer that says so
     */
    public boolean isAllowed() {
        return allowed;
    }

    /**
     * Returns what the call came to. With {@link Status#OK} the authority decided; otherwise it did not, and nothing is
     * allowed.
     *
     * @return the status
     */
    public Status status() {
        return Status.of(statusNumber);
    }

    /**
     * Returns why, such as "ALLOW", "DEVICE_REVOKED" or "CLIENT_TIMEOUT".
     *
     * @return the code; null where there is none
     */
    public String code() {
        return reply.code();
    }

    /**
     * Returns the authority's name for the request, for your log.
     *
     * @return the request id; null where the authority gave none
     */
    public String requestId() {
        return reply.requestId();
    }

    /**
     * Returns all that the authority or the library said.
     *
     * @return the reply; never null
     */
    public Reply reply() {
        return reply;
    }

    /**
     * Returns what {@link Client#require(String)} throws: a {@link DeniedException} after a denial, and others where
     * there is no decision.
     *
     * @return the exception; null when the device is allowed
     */
    public MachineIDException error() {
        return allowed ? null : MachineIDException.of(statusNumber, reply);
    }

    /** Returns a line for a log, with the device, the code and the request id. */
    @Override
    public String toString() {
        String word = allowed ? "allowed" : status() == Status.OK ? "denied" : "not allowed";
        return deviceId + ": " + word + ", " + code() + MachineIDException.withId(reply);
    }
}
