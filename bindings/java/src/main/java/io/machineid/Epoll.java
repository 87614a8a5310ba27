package io.machineid;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The functions of the C library that watch descriptors. {@link Natives#load()} binds them. */
final class Epoll {
    static final int CLOEXEC = 0x80000;
    static final int ADD = 1;
    static final int DELETE = 2;
    static final int MODIFY = 3;
    static final int INTERRUPTED = 4;
    /** An event when the descriptor is readable, and then no further one. */
    private static final int IN_ONCE = 1 | 1 << 30;
    /** The kernel packs an event on x86-64 and on no other processor. */
    private static final int DATA_AT = Platform.PROCESSOR.equals("x86-64") ? 4 : 8;
    static final int EVENT_SIZE = DATA_AT + 8;

    private Epoll() {}

    static native int epoll_create1(int flags);

    static native int epoll_ctl(int epoll, int operation, int descriptor, byte[] event);

    static native int epoll_wait(int epoll, byte[] events, int most, int timeoutMs);

    static native int eventfd(int count, int flags);

    /** Returns an event with this key. */
    static byte[] event(long key) {
        return in(new byte[EVENT_SIZE]).putInt(0, IN_ONCE).putLong(DATA_AT, key).array();
    }

    /** Returns the key of one of the events. */
    static long key(byte[] events, int index) {
        return in(events).getLong(index * EVENT_SIZE + DATA_AT);
    }

    private static ByteBuffer in(byte[] events) {
        return ByteBuffer.wrap(events).order(ByteOrder.nativeOrder());
    }
}
