import io.machineid.Client;
import io.machineid.Guard;
import io.machineid.GuardOptions;
import io.machineid.MachineIDException;
import io.machineid.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * An executor of which each thread is a device of its own, and works only while the authority allows it. Copy this file
 * beside your program:
 *
 * <pre>{@code
 * ExecutorService packers = new DeviceExecutor(client, "shop:prod:packer:host1", 4, Duration.ofSeconds(5));
 * Future<String> packed = packers.submit(() -> pack(order));
 * }</pre>
 *
 * <p>The devices are NAME-0, NAME-1 and so on. A thread takes no task before its device is registered and allowed. When
 * it is denied, the thread is interrupted, and {@link #hold()} throws: a task that ends with an exception then goes
 * back to the queue, another thread does it, and its future is completed by that. The thread itself waits until its
 * device is allowed again. In an outage of more than three intervals, threads wait in hold() and before their next
 * task.
 */
public final class DeviceExecutor extends AbstractExecutorService {
    private static final System.Logger LOG = System.getLogger(DeviceExecutor.class.getName());
    /** How often a thread that waits for the end of an outage looks at its guard. */
    private static final long LOOK_MS = 100;
    private static final ThreadLocal<Guard> GUARD = new ThreadLocal<>();

    private final Client client;
    private final long intervalMs;
    private final List<Thread> threads = new ArrayList<>();
    private final Deque<Runnable> queue = new ArrayDeque<>();
    /** How many tasks have been taken from the queue, and are not left yet. */
    private int atHand;
    private int running;
    /** No task is accepted any more. */
    private boolean isShutdown;
    /** And none is begun. */
    private boolean isStopped;

    /**
     * Starts the threads.
     *
     * @param client what asks the authority; it must stay open until the executor has terminated
     * @param name {service}:{env}:{role}:{instance}, the instance being this program on this host
     * @param count how many threads there are
     * @param interval how often each device is asked about: a revocation takes effect within it and a tenth
     */
    public DeviceExecutor(Client client, String name, int count, Duration interval) {
        this.client = Objects.requireNonNull(client, "client must not be null");
        Objects.requireNonNull(name, "name must not be null");
        intervalMs = interval.toMillis();
        if (count < 1 || intervalMs < 1) {
            throw new IllegalArgumentException("count must be 1 at least, and interval a millisecond");
        }
        for (int index = 0; index < count; index++) {
            String device = name + "-" + index;
            threads.add(new Thread(() -> serve(device), device));
        }
        running = count;
        threads.forEach(Thread::start);
    }

    /**
     * Returns when the device of this thread is allowed: at once, or at the end of an outage. To be called between the
     * units of a long task.
     *
     * @throws InterruptedException when the device is denied, and when the executor is stopped
     */
    public static void hold() throws InterruptedException {
        Guard guard = GUARD.get();
        if (guard == null) {
            throw new IllegalStateException("hold() is for the tasks of a DeviceExecutor");
        }
        while (!guard.isAllowed()) {
            if (isOver(guard)) {
                throw new InterruptedException(guard.decision().toString());
            }
            Thread.sleep(LOOK_MS);
        }
    }

    /** Whether a guard is off for good. */
    private static boolean isOver(Guard guard) {
        return switch (guard.decision().state()) {
            case DENIED, ENDED -> true;
            case ON, LAPSED -> false;
        };
    }

    // ---- The threads

    /** Works while the device is allowed, and otherwise waits, until the executor ends. */
    private void serve(String device) {
        try {
            while (!isDone()) {
                Guard guard = begin(device);
                if (guard != null) {
                    GUARD.set(guard);
                    LOG.log(System.Logger.Level.INFO, device + " takes tasks");
                    // Where no descriptor is left to be told of the end by, hold() notices it.
                    CompletableFuture<Void> told = guard.stopped().thenRun(Thread.currentThread()::interrupt)
                            .exceptionally(unwatched -> null);
                    workWhileAllowed(guard);
                    LOG.log(System.Logger.Level.INFO, device + " takes no more tasks: " + guard.decision());
                    guard.close();
                    // The interrupt that follows on the end of this guard must meet no task under the next one.
                    told.join();
                    Thread.interrupted();
                }
            }
        } catch (RuntimeException noClient) {
            LOG.log(System.Logger.Level.ERROR, device + " can be allowed no more, so all threads end: " + noClient);
            shutdownNow().forEach(task -> ((Future<?>) task).cancel(false));
        } finally {
            hasEnded();
        }
    }

    /** Returns a guard that is on. An answer that the device is not allowed is logged once. Null at the end. */
    private Guard begin(String device) {
        String said = null;
        boolean isRegistered = false;
        while (!isDone()) {
            String why;
            String code;
            try {
                if (!isRegistered) {
                    client.register(device);
                    isRegistered = true;
                }
                Guard guard = client.guard(device, new GuardOptions().intervalMs(intervalMs));
                if (guard.isAllowed()) {
                    return guard;
                }
                why = guard.decision().toString();
                code = guard.decision().code();
                guard.close();
            } catch (MachineIDException error) {
                switch (error.status()) {
                    case CANCELLED, INVALID_ARGUMENT, INVALID_OPTIONS -> throw error;
                    default -> { }
                }
                why = error.getMessage();
                code = error.code();
            }
            if (!Objects.equals(code, said)) {
                LOG.log(System.Logger.Level.WARNING, device + " takes no tasks: " + why);
                said = code;
            }
            pause((long) (intervalMs * ThreadLocalRandom.current().nextDouble(0.9, 1.1)));
        }
        return null;
    }

    private void workWhileAllowed(Guard guard) {
        while (!isOver(guard) && !isDone()) {
            try {
                hold();
                Runnable task = take();
                if (task != null) {
                    try {
                        task.run();
                    } finally {
                        hasLeft();
                    }
                }
                // A task that was cancelled may leave an interrupt behind.
                Thread.interrupted();
            } catch (InterruptedException denied) {
                // The guard is over, or the executor is stopped.
            }
        }
    }

    // ---- The queue

    private synchronized boolean isDone() {
        return isStopped || isShutdown && queue.isEmpty() && atHand == 0;
    }

    /** Returns the next task, null at the end. */
    private synchronized Runnable take() throws InterruptedException {
        while (queue.isEmpty() || isStopped) {
            if (isDone()) {
                return null;
            }
            wait();
        }
        atHand++;
        return queue.pop();
    }

    private synchronized void hasLeft() {
        atHand--;
        notifyAll();
    }

    /** Puts a task back, before all others. */
    private synchronized void giveBack(Task<?> task) {
        if (isStopped) {
            task.cancel(false);
        } else {
            queue.push(task);
            notifyAll();
        }
    }

    /** Waits, until the executor is done at most. */
    private synchronized void pause(long milliseconds) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
        for (long left = milliseconds; !isDone() && left > 0;
                left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())) {
            try {
                wait(left);
            } catch (InterruptedException stopped) {
                // The state of the executor says so.
            }
        }
    }

    private synchronized void hasEnded() {
        running--;
        notifyAll();
    }

    /** A task that may be run again, when the thread that ran it had to give it back. */
    private final class Task<T> extends FutureTask<T> {
        /** Whether it came by execute(), and so has nobody who looks at its future. */
        private final boolean isPlain;
        private boolean isBack;

        Task(Callable<T> callable, boolean isPlain) {
            super(callable);
            this.isPlain = isPlain;
        }

        @Override
        public void run() {
            isBack = false;
            try {
                hold();
                super.run();
            } catch (InterruptedException | MachineIDException denied) {
                setException(denied);
            }
            // Only now may another thread run it.
            if (isBack) {
                giveBack(this);
            }
        }

        @Override
        protected void setException(Throwable error) {
            isBack = isOver(GUARD.get());
            if (isBack) {
                return;
            }
            super.setException(error);
            if (isPlain) {
                Thread current = Thread.currentThread();
                current.getUncaughtExceptionHandler().uncaughtException(current, error);
            }
        }
    }

    // ---- ExecutorService

    @Override
    public void execute(Runnable command) {
        Objects.requireNonNull(command, "command must not be null");
        Runnable task = command instanceof Task<?> ? command : new Task<>(() -> {
            command.run();
            return null;
        }, true);
        synchronized (this) {
            if (isShutdown) {
                throw new RejectedExecutionException("the executor is shut down");
            }
            queue.add(task);
            notifyAll();
        }
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Callable<T> callable) {
        return new Task<>(callable, false);
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Runnable runnable, T value) {
        return newTaskFor(() -> {
            runnable.run();
            return value;
        });
    }

    /** Accepts no further tasks. Those that it has are done, as soon as a device is allowed. */
    @Override
    public synchronized void shutdown() {
        isShutdown = true;
        notifyAll();
    }

    /** Begins no further task, interrupts those at hand, and returns those that wait. */
    @Override
    public synchronized List<Runnable> shutdownNow() {
        isShutdown = true;
        isStopped = true;
        List<Runnable> waiting = new ArrayList<>(queue);
        queue.clear();
        threads.forEach(Thread::interrupt);
        notifyAll();
        return waiting;
    }

    @Override
    public synchronized boolean isShutdown() {
        return isShutdown;
    }

    @Override
    public synchronized boolean isTerminated() {
        return running == 0;
    }

    @Override
    public synchronized boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        long end = System.nanoTime() + unit.toNanos(timeout);
        while (running > 0) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }
}
