package io.machineid;

/**
 * The functions of {@code machineid.h}. {@link Natives#load()} binds them.
 *
 * <p>All platforms of the library have pointers of 64 bits, so an address is a long here, and a place for one is an
 * array with one long, which JNA copies back after the call. A text that is to be freed must be an address: JNA would
 * copy a String, and the address would be lost. No argument may be null.
 */
final class Mid {
    private Mid() {}

    static native long mid_version();

    static native long mid_build_info();

    static native int mid_client_new(byte[] orgKey, byte[] options, long[] client, long[] json);

    static native int mid_client_from_env(byte[] options, long[] client, long[] json);

    static native void mid_client_cancel(long client);

    static native void mid_client_free(long client);

    static native int mid_client_stats(long client, long[] json);

    static native int mid_register(long client, byte[] deviceId, long[] json);

    static native int mid_validate(long client, byte[] deviceId, int[] allowed, long[] json);

    static native int mid_validate_many(long client, long[] deviceIds, long count, int[] allowed, long[] json);

    static native int mid_list_devices(long client, long[] json);

    static native int mid_revoke(long client, byte[] deviceId, long[] json);

    static native int mid_unrevoke(long client, byte[] deviceId, long[] json);

    static native int mid_restore(long client, byte[] deviceId, long[] json);

    static native int mid_remove(long client, byte[] deviceId, long[] json);

    static native int mid_usage(long client, long[] json);

    static native int mid_guard_start(long client, byte[] deviceId, byte[] options, long[] guard, long[] json);

    static native int mid_guard_allowed(long guard);

    static native int mid_guard_fd(long guard);

    static native int mid_guard_wait(long guard, int timeoutMs);

    static native int mid_guard_decision(long guard, int[] allowed, long[] json);

    static native void mid_guard_stop(long guard);

    static native void mid_free(long json);
}
