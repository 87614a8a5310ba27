package io.machineid;

import com.sun.jna.Native;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One thread that sleeps until one of the watched guards ends, for all guards of the process. It starts with the first
 * guard whose end is awaited, and goes when there has been none for some time.
 */
final class Watcher {
    static final Watcher ONE = new Watcher();
    private static final int IDLE_MS = 1000;
    private static final int MOST_EVENTS = 64;
    private static final long BELL = 0;

    /** A descriptor, and what to run when it becomes readable. */
    private static final class Watched {
        final int descriptor;
        final Runnable ended;

        Watched(int descriptor, Runnable ended) {
            this.descriptor = descriptor;
            this.ended = ended;
        }
    }

    private final Map<Long, Watched> watched = new HashMap<>();
    private long lastKey = BELL;
    private int epoll = -1;
    /** A descriptor that is always readable; to be told of it once more wakes the thread. */
    private int bell = -1;
    private Thread thread;

    private Watcher() {}

    /**
     * Runs something, once, when a descriptor becomes readable. It must not block.
     *
     * @return the key for {@link #forget}; 0 where no descriptor or no thread is left to watch with
     */
    synchronized long watch(int descriptor, Runnable ended) {
        if (!isOpen()) {
            return 0;
        }
        long key = ++lastKey;
        watched.put(key, new Watched(descriptor, ended));
        if (Epoll.epoll_ctl(epoll, Epoll.ADD, descriptor, Epoll.event(key)) != 0) {
            watched.remove(key);
            return 0;
        }
        try {
            wake();
            return key;
        } catch (OutOfMemoryError noThread) {
            forget(key);
            return 0;
        }
    }

    /** Lets the thread see that it may sleep without a limit. */
    private void wake() {
        if (thread == null) {
            Thread started = Threads.named("machineid-watch").newThread(this::run);
            started.start();
            thread = started;
        } else if (watched.size() == 1) {
            ring();
        }
    }

    /** Takes a descriptor back, which must still be open. What was to be run may be running. */
    synchronized void forget(long key) {
        if (taken(key) != null && watched.isEmpty()) {
            ring();
        }
    }

    /** Returns what was to be run, null where it is known no longer. While it is known, its descriptor is open. */
    private synchronized Runnable taken(long key) {
        Watched known = watched.remove(key);
        if (known == null) {
            return null;
        }
        Epoll.epoll_ctl(epoll, Epoll.DELETE, known.descriptor, Epoll.event(key));
        return known.ended;
    }

    private boolean isOpen() {
        if (epoll < 0) {
            epoll = Epoll.epoll_create1(Epoll.CLOEXEC);
        }
        if (epoll >= 0 && bell < 0) {
            bell = Epoll.eventfd(1, Epoll.CLOEXEC);
            if (bell >= 0) {
                Epoll.epoll_ctl(epoll, Epoll.ADD, bell, Epoll.event(BELL));
            }
        }
        return bell >= 0;
    }

    private void ring() {
        Epoll.epoll_ctl(epoll, Epoll.MODIFY, bell, Epoll.event(BELL));
    }

    private void run() {
        byte[] events = new byte[MOST_EVENTS * Epoll.EVENT_SIZE];
        for (int timeoutMs = 0; ; timeoutMs = nextTimeout()) {
            int count = Epoll.epoll_wait(epoll, events, MOST_EVENTS, timeoutMs);
            if (count < 0 && Native.getLastError() != Epoll.INTERRUPTED) {
                everything().forEach(Runnable::run);
                return;
            }
            if (count == 0 && timeoutMs == IDLE_MS && isIdle()) {
                return;
            }
            for (int index = 0; index < count; index++) {
                Runnable ended = taken(Epoll.key(events, index));
                if (ended != null) {
                    ended.run();
                }
            }
        }
    }

    private synchronized int nextTimeout() {
        return watched.isEmpty() ? IDLE_MS : -1;
    }

    /** Whether the thread may go, and then another one comes with the next guard. */
    private synchronized boolean isIdle() {
        if (watched.isEmpty()) {
            thread = null;
        }
        return thread == null;
    }

    /**
     * Takes all, because somebody has closed the descriptors of this watcher: each finds out by itself that its guard
     * is still on. The next guard gets a new thread, and new descriptors.
     */
    private synchronized List<Runnable> everything() {
        List<Runnable> all = new ArrayList<>();
        watched.values().forEach(known -> all.add(known.ended));
        watched.clear();
        epoll = -1;
        bell = -1;
        thread = null;
        return all;
    }
}
