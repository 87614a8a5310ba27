import io.machineid.Client;
import io.machineid.Guard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes 10,000 calls, and exits with 1 if the process has grown since the first 1,000. The heap of Java has to be of
 * one size, and all of it in memory from the start.
 */
public final class Memory {
    private static final long MOST_KIB = 768;

    public static void main(String[] arguments) throws Exception {
        try (Client client = Client.fromEnv()) {
            client.register("agent");
            ask(client, 1000);
            long before = residentKib();
            ask(client, 9000);
            long after = residentKib();
            System.out.println("resident: " + before + " KiB after 1,000 calls, " + after + " KiB after 10,000");
            System.exit(after <= before + MOST_KIB ? 0 : 1);
        }
    }

    private static void ask(Client client, int count) throws Exception {
        for (int n = 0; n < count; n++) {
            client.validate(n % 2 == 0 ? "agent" : "never");
            if (n % 100 == 0) {
                client.validateMany(List.of("agent", "never"));
                try (Guard guard = client.guard("agent")) {
                    guard.stopped();
                    guard.decision();
                }
                client.stats();
            }
        }
        System.gc();
    }

    private static long residentKib() throws IOException {
        String pages = Files.readString(Path.of("/proc/self/statm")).split(" ")[1];
        return Long.parseLong(pages) * 4;
    }
}
