package io.machineid;

/**
 * There is no answer: nothing is allowed now, and a later call may bring one. {@link #status()} says whether it was a
 * timeout, an outage, a connection or a reply that is none.
 */
public final class NoAnswerException extends MachineIDException {
    private static final long serialVersionUID = 1;

    NoAnswerException(int statusNumber, Reply reply) {
        super(statusNumber, reply, line(statusNumber, reply));
    }
}
