import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** Every operation of MachineIDClient, and the ways in which they fail. */
public final class Scenario {
    private static final String DEVICE = "worker:prod:queue-consumer:07";

    public static void main(String[] arguments) throws Exception {
        System.out.println("version " + MachineIDClient.version());
        try (MachineIDClient client = MachineIDClient.fromEnv(null)) {
            System.out.println("register: MID_OK status=" + text(client.register(DEVICE), "status"));
            System.out.println("register again: MID_OK status=" + text(client.register(DEVICE), "status"));
            MachineIDClient.Decision decision = client.validate(DEVICE);
            System.out.println("validate: " + statusAndAllowed(decision) + " code=" + decision.code());
            if (client.isAllowed(DEVICE)) System.out.println("work: one unit done");
            System.out.println("threads: " + validateInThreads(client) + " of 32 allowed");

            System.out.println("revoke: " + status(() -> client.revoke(DEVICE)));
            decision = client.validate(DEVICE);
            System.out.println("validate: " + statusAndAllowed(decision) + " code=" + decision.code() + " request_id="
                    + decision.requestId().length() + " characters");
            System.out.println("register revoked: MID_OK status=" + text(client.register(DEVICE), "status"));
            System.out.println("unrevoke: " + status(() -> client.unrevoke(DEVICE)));
            decision = client.validate(DEVICE);
            System.out.println("validate: " + statusAndAllowed(decision) + " code=" + decision.code());
            System.out.println("restore: " + status(() -> client.restore(DEVICE)));

            System.out.println("list: MID_OK " + client.listDevices().getAsJsonArray("devices").size() + " device");
            System.out.println("usage: MID_OK planTier=" + text(client.usage(), "planTier"));
            System.out.println("umlaut device: " + statusAndAllowed(client.validate("w\u00f6rker:prod:07")));
            neverRegistered(client);
            System.out.println("remove: " + status(() -> client.remove(DEVICE)));
            try {
                client.remove(DEVICE);
                System.out.println("remove again: removed");
            } catch (MachineIDClient.MachineIDException exception) {
                System.out.println("remove again: " + outcome(exception));
            }

            JsonObject wrong = new JsonObject();
            wrong.addProperty("timeout", 1);
            try {
                MachineIDClient.fromEnv(wrong).close();
                System.out.println("wrong option: accepted");
            } catch (MachineIDClient.MachineIDException exception) {
                System.out.println("wrong option: " + exception.statusName + " " + exception.code
                        + (exception.getMessage().contains("timeout") ? " timeout" : exception.getMessage()));
            }
            decision = client.validate("");
            System.out.println("no device: " + decision.statusName() + " " + decision.code());
            refused("NUL", IllegalArgumentException.class, client, "a\0b");
            refused("surrogate", IllegalArgumentException.class, client, "w\ud800");
            refused("null", NullPointerException.class, client, null);
        }

        secret();

        // The reply holds unusual numbers. Its answer counts all the same.
        JsonObject numbers = new JsonObject();
        numbers.addProperty("base_url", System.getenv("MACHINEID_ODD_URL"));
        try (MachineIDClient odd = MachineIDClient.open("org_runtimes", numbers)) {
            System.out.println("odd numbers: " + statusAndAllowed(odd.validate(DEVICE)));
        }

        // An outage is neither an answer nor a refusal: the next call may bring an answer.
        JsonObject outage = new JsonObject();
        outage.addProperty("base_url", System.getenv("MACHINEID_OUTAGE_URL"));
        outage.addProperty("max_retries", 0);
        try (MachineIDClient client = MachineIDClient.open("org_outage", outage)) {
            MachineIDClient.Decision decision = client.validate(DEVICE);
            System.out.println("outage: " + statusAndAllowed(decision) + " " + decision.code());
            System.out.println("outlived: " + statusAndAllowed(client.validate(DEVICE)));
        }

        JsonObject nowhere = new JsonObject();
        nowhere.addProperty("base_url", "http://127.0.0.1:1");
        nowhere.addProperty("max_retries", 0);
        try (MachineIDClient client = MachineIDClient.open("org_runtimes", nowhere)) {
            MachineIDClient.Decision decision = client.validate(DEVICE);
            System.out.println("unreachable: " + statusAndAllowed(decision) + " " + decision.code());
            client.cancel();
            System.out.println("cancelled: " + statusAndAllowed(client.validate(DEVICE)));
        }
    }

    /**
     * Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
     * may let it work. Conditions that must not compile are in Tests/bindings/misuse.
     */
    private static void neverRegistered(MachineIDClient client) {
        List<String> done = new ArrayList<>();
        if (client.isAllowed("never")) done.add("isAllowed");
        if (client.validate("never").allowed()) done.add("allowed");
        try {
            client.require("never");
            done.add("require");
        } catch (MachineIDClient.MachineIDException exception) {
            System.out.println("never registered: " + (done.isEmpty() ? "nothing done" : String.join(", ", done)));
            System.out.println("never registered: " + outcome(exception));
        }
    }

    private static String outcome(MachineIDClient.MachineIDException exception) {
        return exception.statusName + " " + exception.code
                + " request_id=" + exception.requestId.length() + " characters";
    }

    /** A bad argument must raise the language's argument error, which names the parameter. */
    private static void refused(
            String step, Class<? extends RuntimeException> kind, MachineIDClient client, String deviceId) {
        try {
            client.validate(deviceId);
            System.out.println(step + ": asked");
        } catch (RuntimeException exception) {
            boolean isIt = kind.isInstance(exception) && exception.getMessage().contains("deviceId");
            System.out.println(step + ": " + (isIt ? "an argument error that names it" : exception));
        }
    }

    /** Gives a key that cannot be sent; the error must not show it. */
    private static void secret() {
        List<String> shown = new ArrayList<>();
        for (String key : List.of("org_marker\0", "org_marker\ud800")) {
            try {
                MachineIDClient.open(key, null).close();
                shown.add("accepted");
            } catch (IllegalArgumentException exception) {
                if (exception.toString().contains("marker")) shown.add(exception.toString());
            }
        }
        System.out.println("secret: " + (shown.isEmpty() ? "refused, and not shown" : String.join(", ", shown)));
    }

    /** Validates in 8 threads, 4 times in each. */
    private static int validateInThreads(MachineIDClient client) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<Integer>> counts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            counts.add(threads.submit(() -> {
                int allowed = 0;
                for (int j = 0; j < 4; j++) {
                    if (client.isAllowed(DEVICE)) allowed++;
                }
                return allowed;
            }));
        }
        int sum = 0;
        for (Future<Integer> count : counts) sum += count.get();
        threads.shutdown();
        return sum;
    }

    /** The name of a call's status. */
    private static String status(Supplier<JsonObject> call) {
        try {
            call.get();
            return "MID_OK";
        } catch (MachineIDClient.MachineIDException exception) {
            return exception.statusName;
        }
    }

    private static String text(JsonObject reply, String key) {
        return reply.get(key).getAsString();
    }

    private static String statusAndAllowed(MachineIDClient.Decision decision) {
        return decision.statusName() + " allowed=" + (decision.allowed() ? 1 : 0);
    }
}
