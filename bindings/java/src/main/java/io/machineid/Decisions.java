package io.machineid;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The answers about several devices, in the order of the question:
 *
 * <pre>{@code
 * for (Decision decision : client.validateMany(ids)) {
 *     if (decision.isAllowed()) {
 *         work(decision.deviceId());
 *     }
 * }
 * }</pre>
 *
 * <p>It is no collection, because "not empty" says nothing about permission.
 */
public final class Decisions implements Iterable<Decision> {
    private final List<Decision> decisions;

    private Decisions(List<Decision> decisions) {
        this.decisions = Collections.unmodifiableList(decisions);
    }

    /**
     * Makes decisions of the flags and the text of mid_validate_many. The text is an array with a reply for each
     * device, or an object where the call failed as a whole.
     */
    static Decisions of(List<String> deviceIds, int[] flags, int status, String text) {
        Object told = text == null ? null : Json.parsed(text);
        List<?> replies = told instanceof List && ((List<?>) told).size() == deviceIds.size() ? (List<?>) told : null;
        List<Decision> made = new ArrayList<>(deviceIds.size());
        for (int index = 0; index < deviceIds.size(); index++) {
            Map<String, Object> members = Reply.membersOf(replies == null ? told : replies.get(index));
            Reply reply = members.isEmpty() ? Reply.EMPTY : Reply.of(members);
            boolean allowed = flags[index] == 1;
            made.add(new Decision(deviceIds.get(index), allowed, statusOf(reply, allowed, status), reply));
        }
        return new Decisions(made);
    }

    /** Returns the status of one device of several. The library names it in the code of a failure. */
    static int statusOf(Reply reply, boolean allowed, int whole) {
        String code = reply.code();
        if (allowed) {
            return Status.OK.number();
        }
        if (code != null && code.startsWith("CLIENT_")) {
            return Status.ofCode(code).number();
        }
        if (reply.asMap().get("allowed") instanceof Boolean) {
            return Status.OK.number();
        }
        return reply.asMap().isEmpty() ? whole : Status.REFUSED.number();
    }

    /**
     * May all of them run now?
     *
     * @return true when there is at least one device and all are allowed
     */
    public boolean allAllowed() {
        return !decisions.isEmpty() && decisions.stream().allMatch(Decision::isAllowed);
    }

    /**
     * Returns the ids of the devices that may run now.
     *
     * @return their ids, in order
     */
    public List<String> allowed() {
        return ids(true);
    }

    /**
     * Returns the ids of all others: those that the authority denies, and those without a decision.
     *
     * @return their ids, in order
     */
    public List<String> denied() {
        return ids(false);
    }

    private List<String> ids(boolean allowed) {
        return stream().filter(decision -> decision.isAllowed() == allowed).map(Decision::deviceId)
                .collect(Collectors.toList());
    }

    /**
     * Returns how many devices were asked about.
     *
     * @return the number of decisions
     */
    public int size() {
        return decisions.size();
    }

    /**
     * Returns the decision about one device.
     *
     * @param index the place of the device in the question
     * @return the decision
     */
    public Decision get(int index) {
        return decisions.get(index);
    }

    /**
     * Returns the decisions as a stream.
     *
     * @return the decisions, in order
     */
    public Stream<Decision> stream() {
        return decisions.stream();
    }

    @Override
    public Iterator<Decision> iterator() {
        return decisions.iterator();
    }

    /** Returns how many are allowed, for a log. */
    @Override
    public String toString() {
        return allowed().size() + " of " + size() + " allowed";
    }
}
