package io.machineid;

import java.util.Locale;

/** What a guard is. */
public enum GuardState {
    /** The last allow is younger than the maximum age. */
    ON,
    /** It is older. The guard asks on, and is on again after the next allow. */
    LAPSED,
    /** The authority said no. Final: a later unrevoke does not bring it back. */
    DENIED,
    /** The client was cancelled or closed, or the guard was. Final. */
    ENDED;

    static GuardState of(String text) {
        for (GuardState state : values()) {
            if (state.toString().equals(text)) {
                return state;
            }
        }
        return ENDED;
    }

    /** Returns the word that {@code machineid.h} has for it, such as "denied". */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
