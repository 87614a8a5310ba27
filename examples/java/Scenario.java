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
            if (decision.allowed()) System.out.println("work: one unit done");
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
            System.out.println("remove: " + status(() -> client.remove(DEVICE)));
            System.out.println("remove again: " + status(() -> client.remove(DEVICE)));

            JsonObject wrong = new JsonObject();
            wrong.addProperty("timeout", 1);
            try {
                MachineIDClient.fromEnv(wrong).close();
                System.out.println("wrong option: accepted");
            } catch (MachineIDClient.MachineIDException exception) {
                System.out.println("wrong option: " + exception.statusName + " " + exception.code);
            }
            decision = client.validate("");
            System.out.println("no device: " + decision.statusName() + " " + decision.code());
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

    /** 8 threads, 4 times each. */
    private static int validateInThreads(MachineIDClient client) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<Integer>> counts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            counts.add(threads.submit(() -> {
                int allowed = 0;
                for (int j = 0; j < 4; j++) {
                    if (client.validate(DEVICE).allowed()) allowed++;
                }
                return allowed;
            }));
        }
        int sum = 0;
        for (Future<Integer> count : counts) sum += count.get();
        threads.shutdown();
        return sum;
    }

    /** The name of what a call came to. */
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
