import io.machineid.Client;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Runs the executor of bindings/java/examples/executor with tasks that write down what they do. Each line of the
 * standard input, FIRST COUNT, is so many tasks with the numbers from FIRST on; it ends when all are done.
 */
public final class Counted {
    private static final Path EVENTS = Path.of(System.getenv("FLEET_EVENTS"));

    public static void main(String[] arguments) throws Exception {
        Duration interval = Duration.ofMillis(Long.parseLong(System.getenv("MACHINEID_INTERVAL_MS")));
        List<Future<Integer>> futures = new ArrayList<>();
        try (Client client = Client.fromEnv()) {
            String name = System.getenv("MACHINEID_DEVICE_PREFIX") + ":one";
            ExecutorService counters = new DeviceExecutor(client, name, 4, interval);
            try (Scanner batches = new Scanner(System.in)) {
                while (batches.hasNextInt()) {
                    int first = batches.nextInt();
                    int end = first + batches.nextInt();
                    for (int number = first; number < end; number++) {
                        int given = number;
                        futures.add(counters.submit(() -> count(given)));
                    }
                }
            }
            counters.shutdown();
            counters.awaitTermination(1, TimeUnit.HOURS);
        }
        for (int index = 0; index < futures.size(); index++) {
            // Those that were given back too have the result of whoever did them.
            if (futures.get(index).get(0, TimeUnit.SECONDS) != index) {
                throw new IllegalStateException("the result of task " + index + " is another one's");
            }
        }
    }

    private static int count(int number) throws Exception {
        say("begun", number);
        for (int unit = 0; unit < 4; unit++) {
            DeviceExecutor.hold();
            Thread.sleep(50); // the work
        }
        say("done", number);
        return number;
    }

    /** Adds an event to the file. The monotonic clock, which nanoTime() reads, is the same for all processes. */
    private static void say(String what, int number) throws IOException {
        String event = String.format(Locale.ROOT, "{\"what\":\"%s\",\"number\":%d,\"device\":\"%s\",\"time\":%.6f}%n",
                what, number, Thread.currentThread().getName(), System.nanoTime() / 1e9);
        Files.write(EVENTS, event.getBytes(StandardCharsets.UTF_8), StandardOpenOption.APPEND);
    }
}
