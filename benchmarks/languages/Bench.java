import io.machineid.Client;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

/**
 * Bench package|plain CALLS: calls of the package for Java, or of java.net.http, whose reply is searched and not
 * parsed, since Java has no parser of JSON. languages.py says what it prints.
 */
public final class Bench {
    private static final String URL = System.getenv("MACHINEID_BASE_URL");
    private static final Pattern ALLOWED = Pattern.compile("\\{\"allowed\":true[,}]");

    public static void main(String[] arguments) throws Exception {
        Callable<Boolean> validate = arguments[0].equals("package") ? ofPackage() : plain();
        int calls = Integer.parseInt(arguments[1]);
        ask(validate, calls / 10);
        long before = resident();
        long start = System.nanoTime();
        ask(validate, calls - calls / 10);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%.1f %d %d%n", (calls - calls / 10) / seconds, before, resident());
        System.exit(0);
    }

    private static Callable<Boolean> ofPackage() throws Exception {
        Client client = Client.builder("org_bench").baseUrl(URL).build();
        return () -> client.isAllowed("agent-01");
    }

    private static Callable<Boolean> plain() {
        HttpClient client = HttpClient.newHttpClient();
        URI uri = URI.create(URL + "/api/v1/devices/validate");
        return () -> {
            HttpRequest request = HttpRequest.newBuilder(uri).version(HttpClient.Version.HTTP_1_1)
                .header("x-org-key", "org_bench").header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"deviceId\":\"agent-01\"}")).build();
            HttpResponse<String> reply = client.send(request, HttpResponse.BodyHandlers.ofString());
            return reply.statusCode() == 200 && ALLOWED.matcher(reply.body()).find();
        };
    }

    private static void ask(Callable<Boolean> validate, int calls) throws Exception {
        for (int n = 0; n < calls; n++) {
            if (!validate.call()) throw new IllegalStateException("denied");
        }
    }

    private static long resident() throws Exception {
        System.gc();
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
    }
}
