package io.machineid;

/** What a guard knows, for your log. Gate on {@link Guard#isAllowed()}, which is never old. */
public final class GuardDecision {
    private final String deviceId;
    private final boolean allowed;
    private final GuardState state;
    private final Reply report;

    GuardDecision(String deviceId, boolean allowed, GuardState state, Reply report) {
        this.deviceId = deviceId;
        this.allowed = allowed;
        this.state = state;
        this.report = report;
    }

    GuardDecision(String deviceId, boolean allowed, Reply report) {
        this(deviceId, allowed, GuardState.of(report.text("state")), report);
    }

    /** Whether the guard is off for good. */
    boolean isFinal() {
        return state == GuardState.DENIED || state == GuardState.ENDED;
    }

    /** Returns the same for a guard that has been stopped. */
    GuardDecision stopped() {
        return new GuardDecision(deviceId, false, state == GuardState.DENIED ? state : GuardState.ENDED, report);
    }

    /**
     * Returns the guard's device.
     *
     * @return its id
     */
    public String deviceId() {
        return deviceId;
    }

    /**
     * Might the device run when this was told?
     *
     * @return what {@link Guard#isAllowed()} was at that moment
     */
    public boolean isAllowed() {
        return allowed;
    }

    /**
     * Returns what the guard was.
     *
     * @return the state
     */
    public GuardState state() {
        return state;
    }

    /**
     * Returns how old the last decision was.
     *
     * @return milliseconds since the question was sent that it answers
     */
    public long ageMs() {
        return report.number("age_ms");
    }

    /**
     * Returns how many checks were made.
     *
     * @return their number, with the first one
     */
    public long checks() {
        return report.number("checks");
    }

    /**
     * Returns how many checks brought no decision since the last one that did.
     *
     * @return their number
     */
    public long failures() {
        return report.number("failures");
    }

    /**
     * Returns the authority's last decision. What it allows is what the authority said then, and not whether the device
     * may run now.
     *
     * @return the decision; null where there is none
     */
    public Decision decision() {
        Reply decided = report.inner("decision");
        return decided == null ? null
                : new Decision(deviceId, decided.isTrue("allowed"), Status.OK.number(), decided);
    }

    /**
     * Returns why the last check brought no decision.
     *
     * @return the exception; null where it brought one
     */
    public MachineIDException failure() {
        Reply failed = report.inner("failure");
        return failed == null ? null
                : MachineIDException.of(Decisions.statusOf(failed, false, Status.REFUSED.number()), failed);
    }

    /**
     * Returns the code of the last decision, or of the failure where there is none.
     *
     * @return the code; null where there is neither
     */
    public String code() {
        Reply told = report.inner(report.inner("decision") != null ? "decision" : "failure");
        return told == null ? null : told.code();
    }

    /**
     * Returns the request id of the last decision.
     *
     * @return the request id; null where there is none
     */
    public String requestId() {
        Reply decided = report.inner("decision");
        return decided == null ? null : decided.requestId();
    }

    /**
     * Returns why the device may not run: a {@link DeniedException} after a denial; after a lapse the failure; and
     * after an end an exception with {@link Status#CANCELLED}.
     *
     * @return the exception; null where it may run
     */
    public MachineIDException error() {
        if (allowed) {
            return null;
        }
        Reply decided = report.inner("decision");
        if (state == GuardState.DENIED && decided != null) {
            return MachineIDException.of(Status.OK.number(), decided);
        }
        MachineIDException failure = failure();
        return failure != null ? failure : MachineIDException.of(Status.CANCELLED.number(), new Reply(
                "{\"allowed\":false,\"code\":\"CLIENT_CANCELLED\",\"request_id\":null,\"message\":\"the guard is "
                        + state + "\"}"));
    }

    /** Returns a line for a log, with the device, the state, the code and the request id. */
    @Override
    public String toString() {
        Reply decided = report.inner("decision");
        return deviceId + ": " + state + ", " + code() + (decided == null ? "" : MachineIDException.withId(decided));
    }
}
