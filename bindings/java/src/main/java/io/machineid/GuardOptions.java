package io.machineid;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a guard may be given. What is not given is the library's default.
 *
 * <pre>{@code
 * client.guard("agent-01", new GuardOptions().intervalMs(1000));
 * }</pre>
 */
public final class GuardOptions {
    private final Map<String, Object> given = new LinkedHashMap<>();

    /** Makes options that are the library's defaults. */
    public GuardOptions() {}

    /**
     * Sets the time from one check to the next, a tenth more or less: how late a revocation may be noticed.
     *
     * @param milliseconds 20 to 3600000; 5000 unless it is given
     * @return these options
     */
    public GuardOptions intervalMs(long milliseconds) {
        given.put("interval_ms", milliseconds);
        return this;
    }

    /**
     * Sets how old an allow may be: how long the program may go on while the authority cannot be reached.
     *
     * @param milliseconds 2 to 1000 intervals; three of them unless it is given
     * @return these options
     */
    public GuardOptions maxAgeMs(long milliseconds) {
        given.put("max_age_ms", milliseconds);
        return this;
    }

    byte[] text() {
        return Texts.cString("options", Json.written(given));
    }

    /** Returns the options as JSON. */
    @Override
    public String toString() {
        return Json.written(given);
    }
}
