package io.machineid;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Keeps one device's permission fresh in the background, for a hot loop to look at before every step. Once the device
 * is denied, the guard is off for good: a later unrevoke does not bring it back. {@link Client#guard(String)} starts
 * guards:
 *
 * <pre>{@code
 * try (Guard guard = client.guard("agent-01")) {
 *     while (guard.isAllowed()) {
 *         work();
 *     }
 * }
 * }</pre>
 *
 * <p>Any number of threads may use a guard, and any of them may close it at any moment. One that nobody refers to any
 * longer, and whose end nobody awaits, is stopped by the collector.
 */
public final class Guard implements AutoCloseable {
    /** For how long a thread waits inside the library at most: a guard that is closed meanwhile is freed after it. */
    private static final long SLICE_MS = 250;
    /** The longest time that a long can hold in nanoseconds: 292 years. */
    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

    private final String deviceId;
    private final Handle handle;
    private final Cleaner.Cleanable cleanable;
    /** Held so that the collector does not close it, which would end the guard. */
    private final Client client;
    private final Set<CompletableFuture<GuardDecision>> waiting = new HashSet<>();
    /** The watcher's key, 0 while nobody awaits the end. */
    private long key;
    /** What was known at the end of this guard, null before it. */
    private volatile GuardDecision last;

    Guard(Client client, String deviceId, long address) {
        this.client = client;
        this.deviceId = deviceId;
        handle = new Handle(address, Mid::mid_guard_stop);
        cleanable = Client.CLEANER.register(this, handle::close);
    }

    /**
     * Returns the device.
     *
     * @return its id
     */
    public String deviceId() {
        return deviceId;
    }

    /**
     * May the device run now? It asks nobody and waits for nothing.
     *
     * @return true while the guard is on
     */
    public boolean isAllowed() {
        long guard = handle.acquire();
        if (guard == 0) {
            return false;
        }
        try {
            return Mid.mid_guard_allowed(guard) == 1;
        } finally {
            handle.release();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Returns what the guard knows, for your log. It does not block. After {@link #close()} it is what was known then.
     *
     * @return what it knows
     */
    public GuardDecision decision() {
        long guard = handle.acquire();
        if (guard == 0) {
            GuardDecision known = last;
            return known != null ? known : new GuardDecision(deviceId, false, GuardState.ENDED, Reply.EMPTY);
        }
        try {
            int[] allowed = new int[1];
            long[] json = new long[1];
            Reply report = Texts.result(Mid.mid_guard_decision(guard, allowed, json), json);
            return new GuardDecision(deviceId, allowed[0] == 1, report);
        } finally {
            handle.release();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Blocks until the guard is off: lapsed, denied, ended or closed.
     *
     * @param timeout how long to wait at most
     * @return whether it is off; it is no permission
     * @throws InterruptedException when the thread is interrupted, a quarter of a second later at most
     */
    public boolean waitUntilOff(Duration timeout) throws InterruptedException {
        long begin = System.nanoTime();
        long limit = timeout.compareTo(FOR_EVER) < 0 ? timeout.toNanos() : FOR_EVER.toNanos();
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            long left = limit - (System.nanoTime() - begin);
            if (isOffAfter(left <= 0 ? 0 : Math.min(TimeUnit.NANOSECONDS.toMillis(left) + 1, SLICE_MS))) {
                return true;
            }
            if (left <= 0) {
                return false;
            }
        }
    }

    /**
     * Blocks until the guard is off, without a limit. On a device that stays allowed that may be never; another thread
     * can close the guard.
     *
     * @throws InterruptedException as {@link #waitUntilOff(Duration)}
     */
    public void waitUntilOff() throws InterruptedException {
        waitUntilOff(FOR_EVER);
    }

    private boolean isOffAfter(long milliseconds) {
        long guard = handle.acquire();
        if (guard == 0) {
            return true;
        }
        try {
            return Mid.mid_guard_wait(guard, (int) milliseconds) == Status.OK.number();
        } finally {
            handle.release();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Returns a future that is completed when the guard is off for good: denied, ended by its client, or closed. A
     * lapse may pass and does not complete it: look at {@link #isAllowed()} before each piece of work as well.
     *
     * <p>One thread sleeps for all guards of the process, and what follows on the future runs on a thread of its own.
     *
     * @return a future with what the guard knew at its end; it fails with {@link Status#INTERNAL} where no descriptor
     *     or thread is left to watch the guard with
     */
    public CompletableFuture<GuardDecision> stopped() {
        CompletableFuture<GuardDecision> future = new CompletableFuture<>();
        synchronized (waiting) {
            if (last != null) {
                future.complete(last);
            } else if (watch()) {
                waiting.add(future);
            } else {
                future.completeExceptionally(unwatched());
            }
        }
        future.whenComplete((known, error) -> forget(future));
        return future;
    }

    /** Watches the guard's descriptor, unless that is watched. False where no descriptor or thread is left for it. */
    private boolean watch() {
        long guard = key == 0 ? handle.acquire() : 0;
        if (guard != 0) {
            try {
                int descriptor = Mid.mid_guard_fd(guard);
                key = descriptor < 0 ? 0 : Watcher.ONE.watch(descriptor, () -> Threads.afterEnd(this::hasEnded));
            } finally {
                handle.release();
            }
        }
        return key != 0;
    }

    /** Keeps no future that its caller has completed or cancelled, and stops watching when nobody waits. */
    private void forget(CompletableFuture<GuardDecision> future) {
        synchronized (waiting) {
            if (waiting.remove(future) && waiting.isEmpty()) {
                unwatch();
            }
        }
    }

    private void unwatch() {
        Watcher.ONE.forget(key);
        key = 0;
    }

    private static MachineIDException unwatched() {
        return MachineIDException.of(Status.INTERNAL.number(), new Reply("{\"code\":\"CLIENT_INTERNAL\",\"message\":"
                + "\"no descriptor or thread is left to wait for this guard with; raise RLIMIT_NOFILE\"}"));
    }

    /** The descriptor was readable, or can be watched no longer. */
    private void hasEnded() {
        GuardDecision known = known();
        List<CompletableFuture<GuardDecision>> all;
        synchronized (waiting) {
            // It may have been watched anew since.
            unwatch();
            if (known.isFinal()) {
                last = last == null ? known : last;
            } else if (waiting.isEmpty() || watch()) {
                return;
            }
            all = taken();
        }
        if (known.isFinal()) {
            all.forEach(future -> future.complete(known));
        } else {
            all.forEach(future -> future.completeExceptionally(unwatched()));
        }
    }

    private List<CompletableFuture<GuardDecision>> taken() {
        List<CompletableFuture<GuardDecision>> all = new ArrayList<>(waiting);
        waiting.clear();
        return all;
    }

    /**
     * Stops the guard, in 250 ms at most. Threads inside {@link #waitUntilOff()} return, and {@link #stopped()} is
     * completed. It may be called any number of times, before or after the client is closed.
     */
    @Override
    public void close() {
        List<CompletableFuture<GuardDecision>> all;
        synchronized (waiting) {
            if (last == null) {
                last = known().stopped();
            }
            // The library closes the descriptor with the guard.
            unwatch();
            all = taken();
        }
        cleanable.clean();
        if (!all.isEmpty()) {
            Threads.afterEnd(() -> all.forEach(future -> future.complete(last)));
        }
    }

    /** Returns what the guard knows, also where memory is refused. */
    private GuardDecision known() {
        try {
            return decision();
        } catch (MachineIDException noMemory) {
            return new GuardDecision(deviceId, false, GuardState.ENDED, Reply.EMPTY);
        }
    }

    /** Returns a line for a log, with the device. */
    @Override
    public String toString() {
        String word = handle.isClosed() ? "stopped" : isAllowed() ? "on" : "off";
        return "Guard of " + deviceId + " of " + client + ", " + word;
    }
}
