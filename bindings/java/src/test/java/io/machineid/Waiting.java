package io.machineid;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** What the tests wait for, and for how long. */
final class Waiting {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    static final int INTERVAL_MS = 200;

    private Waiting() {}

    /** Returns how late the end of a guard may be: its interval and a tenth, a second, and slack for slow machines. */
    static double boundMs() {
        return INTERVAL_MS * 1.1 + 1000 + Double.parseDouble(System.getenv().getOrDefault("CHECK_SLACK_MS", "1000"));
    }

    /** Waits until a condition is true, and returns whether it is. */
    static boolean eventually(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                return false;
            }
            Thread.sleep(5);
        }
        return true;
    }

    /** Returns how many threads of this process have a name, as the system knows them. */
    static long threads(String name) {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.filter(task -> {
                try {
                    return Files.readString(task.resolve("comm")).equals(name + "\n");
                } catch (IOException gone) {
                    return false;
                }
            }).count();
        } catch (IOException noProc) {
            throw new IllegalStateException(noProc);
        }
    }
}
