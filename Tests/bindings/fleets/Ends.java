import io.machineid.Client;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Checks what the executor of bindings/java/examples/executor does with tasks that fail or are given back. */
public final class Ends {
    private static final long PATIENCE_S = 30;
    private static final Duration INTERVAL = Duration.ofMillis(20);
    private static int failed;

    public static void main(String[] arguments) throws Exception {
        try (Client client = Client.fromEnv()) {
            usual(client);
            givenBack(client);
            denied(client);
            stopped(client);
        }
        closed();
        System.exit(failed == 0 ? 0 : 1);
    }

    private static ExecutorService executor(Client client, String name, int count) {
        return new DeviceExecutor(client, name, count, INTERVAL);
    }

    private static void usual(Client client) throws Exception {
        ExecutorService one = executor(client, "usual", 1);
        equal("a result", 7, one.submit(() -> 7).get(PATIENCE_S, TimeUnit.SECONDS));
        equal("a value", 8, one.submit(() -> { }, 8).get(PATIENCE_S, TimeUnit.SECONDS));
        Future<Integer> failing = one.submit((Callable<Integer>) () -> {
            throw new IOException("the printer is on fire");
        });
        equal("an exception of a task", "the printer is on fire", why(failing));
        equal("hold() in a task of none", "IllegalStateException", nameOf(() -> {
            DeviceExecutor.hold();
            return null;
        }));

        CountDownLatch begun = new CountDownLatch(1);
        Future<?> sleeping = one.submit(() -> {
            begun.countDown();
            Thread.sleep(600_000);
            return null;
        });
        begun.await();
        sleeping.cancel(true);
        equal("a cancelled one leaves no interrupt", false,
                one.submit(() -> Thread.currentThread().isInterrupted()).get(PATIENCE_S, TimeUnit.SECONDS));

        CountDownLatch told = new CountDownLatch(1);
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> told.countDown());
        one.execute(() -> {
            throw new IllegalArgumentException();
        });
        equal("an exception of what was executed is told", true, told.await(PATIENCE_S, TimeUnit.SECONDS));
        equal("invokeAny", 9, one.invokeAny(List.of(() -> 9)));
        List<Integer> all = new ArrayList<>();
        for (Future<Integer> future : one.invokeAll(List.<Callable<Integer>>of(() -> 1, () -> 2))) {
            all.add(future.get());
        }
        equal("invokeAll", List.of(1, 2), all);
        one.shutdown();
        equal("a task after shutdown()", "RejectedExecutionException", nameOf(() -> one.submit(() -> 7)));
        ended("after shutdown()", one);
    }

    /** The task of a device that is denied amid it is done by the same thread, once it is allowed again. */
    private static void givenBack(Client client) throws Exception {
        ExecutorService one = executor(client, "back", 1);
        AtomicInteger begun = new AtomicInteger();
        Callable<Integer> task = () -> {
            if (begun.incrementAndGet() == 1) {
                client.revoke("back-0");
                try {
                    while (true) {
                        DeviceExecutor.hold();
                    }
                } finally {
                    client.unrevoke("back-0");
                }
            }
            return begun.get();
        };
        Future<Integer> future = one.submit(task);
        AtomicInteger next = new AtomicInteger();
        one.execute(() -> next.set(begun.get()));
        equal("a task that was given back is done later", 2, future.get(PATIENCE_S, TimeUnit.SECONDS));
        one.shutdown();
        ended("with a task that was given back", one);
        equal("it comes before those that wait", 2, next.get());
    }

    private static void denied(Client client) throws Exception {
        client.register("two-0");
        client.revoke("two-0");
        ExecutorService two = executor(client, "two", 2);
        for (int count = 0; count < 8; count++) {
            equal("a device that is denied takes no task", "two-1",
                    two.submit(() -> Thread.currentThread().getName()).get(PATIENCE_S, TimeUnit.SECONDS));
        }
        two.shutdown();
        ended("although a thread waits for its device", two);
    }

    private static void stopped(Client client) throws Exception {
        ExecutorService one = executor(client, "stopped", 1);
        Future<?> sleeping = sleepingIn(one);
        Future<?> waiting = one.submit(() -> 7);
        equal("shutdownNow() returns the tasks that wait", List.of(waiting), one.shutdownNow());
        ended("after shutdownNow()", one);
        equal("it interrupts those at hand", "sleep interrupted", why(sleeping));
    }

    private static void closed() throws Exception {
        Client client = Client.fromEnv();
        ExecutorService one = executor(client, "closed", 1);
        Future<?> sleeping = sleepingIn(one);
        Future<?> waiting = one.submit(() -> 7);
        client.close();
        ended("after its client is closed", one);
        for (Future<?> future : List.of(sleeping, waiting)) {
            equal("what is not done is cancelled", "CancellationException", nameOf(future::get));
        }
    }

    private static Future<?> sleepingIn(ExecutorService executor) throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        Future<?> sleeping = executor.submit(() -> {
            begun.countDown();
            Thread.sleep(600_000);
            return null;
        });
        begun.await();
        return sleeping;
    }

    private static void ended(String when, ExecutorService executor) throws InterruptedException {
        equal("it terminates " + when, true, executor.awaitTermination(PATIENCE_S, TimeUnit.SECONDS));
        equal("and says so", true, executor.isTerminated());
    }

    private static String why(Future<?> future) throws Exception {
        try {
            return "no exception, but " + future.get(PATIENCE_S, TimeUnit.SECONDS);
        } catch (ExecutionException error) {
            return error.getCause().getMessage();
        }
    }

    private static String nameOf(Callable<?> call) throws Exception {
        try {
            return "no exception, but " + call.call();
        } catch (IllegalStateException | RejectedExecutionException error) {
            return error.getClass().getSimpleName();
        }
    }

    private static void equal(String what, Object expected, Object found) {
        if (!expected.equals(found)) {
            System.out.println("FAILED  " + what + ": " + found + ", not " + expected);
            failed++;
        }
    }
}
