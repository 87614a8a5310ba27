package io.machineid;

/** The authority decided: this device may not run. Stop. */
public final class DeniedException extends MachineIDException {
    private static final long serialVersionUID = 1;

    DeniedException(Reply reply) {
        super(Status.OK.number(), reply, "not allowed: " + reply.code() + withId(reply));
    }
}
