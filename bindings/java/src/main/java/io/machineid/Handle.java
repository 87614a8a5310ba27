package io.machineid;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/**
 * A handle of the library, and how many use it. It is freed when it has been closed and the last call that uses it has
 * returned, so nothing is freed during a call, whichever thread closes it and whenever the collector runs.
 */
final class Handle {
    private final long address;
    private final LongConsumer free;
    private final AtomicBoolean closed = new AtomicBoolean();
    /** The calls that use it, and one until it is closed. */
    private final AtomicInteger uses = new AtomicInteger(1);

    Handle(long address, LongConsumer free) {
        this.address = address;
        this.free = free;
    }

    /**
     * Begins a use, which {@link #release()} ends.
     *
     * @return the address; 0 when the handle is closed, and then there is nothing to release
     */
    long acquire() {
        int now;
        do {
            now = uses.get();
            if (now == 0 || closed.get()) {
                return 0;
            }
        } while (!uses.compareAndSet(now, now + 1));
        return address;
    }

    void release() {
        if (uses.decrementAndGet() == 0) {
            free.accept(address);
        }
    }

    boolean isClosed() {
        return closed.get();
    }

    /** Lets no further use begin. Any thread may call it, any number of times. */
    void close() {
        if (closed.compareAndSet(false, true)) {
            release();
        }
    }
}
