package io.machineid;

/**
 * The authority answered with an API error, such as an unknown org key, an unknown device or "device_limit_reached". It
 * is no decision about the device. Stop.
 */
public final class RefusedException extends MachineIDException {
    private static final long serialVersionUID = 1;

    RefusedException(Reply reply) {
        super(Status.REFUSED.number(), reply, line(Status.REFUSED.number(), reply));
    }
}
