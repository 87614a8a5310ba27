import io.machineid.Client;
import io.machineid.Decision;
import io.machineid.Decisions;
import io.machineid.Guard;
import io.machineid.GuardDecision;
import io.machineid.GuardOptions;
import io.machineid.MachineIDException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/** The common scenario: every operation, and the ways in which they fail. bindings/scenario.txt has what it prints. */
public final class Scenario {
    private static final String DEVICE = "worker:prod:queue-consumer:07";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    public static void main(String[] arguments) throws Exception {
        say("version " + Client.version());
        try (Client client = Client.fromEnv()) {
            devices(client);
            guards(client);
            client.remove(DEVICE);
            say("remove: MID_OK");
            refused(client);
        }
        failures();
    }

    private static void devices(Client client) throws Exception {
        say("register: MID_OK status=" + client.register(DEVICE).text("status"));
        say("register again: MID_OK status=" + client.register(DEVICE).text("status"));
        tell(client.validate(DEVICE));
        if (client.isAllowed(DEVICE)) {
            say("work: one unit done");
        }
        say("threads: " + validateInThreads(client) + " of 32 allowed");

        client.revoke(DEVICE);
        say("revoke: MID_OK");
        tell(client.validate(DEVICE));
        say("register revoked: MID_OK status=" + client.register(DEVICE).text("status"));
        client.unrevoke(DEVICE);
        say("unrevoke: MID_OK");
        tell(client.validate(DEVICE));
        client.restore(DEVICE);
        say("restore: MID_OK");
        say("list: MID_OK " + ((List<?>) client.listDevices().asMap().get("devices")).size() + " device");
        say("usage: MID_OK planTier=" + client.usage().text("planTier"));
        say("umlaut device: " + outcome(client.validate("w\u00f6rker:prod:07")));
        neverRegistered(client);

        Decisions many = client.validateMany(List.of(DEVICE, "never", "", DEVICE));
        say("many: " + many.stream().map(one -> one.isAllowed() ? "1" : "0").collect(Collectors.joining(" ")));
        say("many: " + many.stream().map(Decision::code).collect(Collectors.joining(" ")));
        Decisions none = client.validateMany(List.of());
        say("many: none asked, " + none.size() + " decisions");
        List<String> done = new ArrayList<>();
        if (client.validateMany(List.of(DEVICE, "never")).allAllowed()) {
            done.add("if");
        }
        if (none.allAllowed()) {
            done.add("none");
        }
        none.forEach(one -> done.add("for"));
        say("many, one never registered: " + words(done));
    }

    private static int validateInThreads(Client client) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        int allowed = 0;
        try {
            for (Future<Boolean> one : pool.invokeAll(
                    Collections.nCopies(32, (Callable<Boolean>) () -> client.isAllowed(DEVICE)))) {
                allowed += one.get() ? 1 : 0;
            }
        } finally {
            pool.shutdown();
        }
        return allowed;
    }

    /**
     * Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
     * may let it work. Those with a decision or a future as the condition do not compile: Misuse.java has them.
     */
    private static void neverRegistered(Client client) {
        List<String> done = new ArrayList<>();
        if (client.isAllowed("never")) {
            done.add("if");
        }
        boolean isDenied = !client.isAllowed("never");
        if (!isDenied) {
            done.add("not");
        }
        done.addAll(List.of("never").stream().filter(client::isAllowed).collect(Collectors.toList()));
        client.async().require("never").thenRun(() -> done.add("then")).exceptionally(denied -> null).join();
        try {
            client.require("never");
            done.add("require");
        } catch (MachineIDException denied) {
            say("never registered: " + words(done));
            say("never registered: " + denied.status() + " " + denied.code() + " request_id="
                    + denied.requestId().length() + " characters");
        }
    }

    private static void guards(Client client) throws Exception {
        GuardOptions options = new GuardOptions().intervalMs(200);
        Guard guard = client.guard(DEVICE, options);
        say("guard: " + on(guard));
        ask("/emulator/outage", "{\"httpStatus\":503}");
        guard.waitUntilOff(PATIENCE);
        GuardDecision known = guard.decision();
        say("guard: " + known.state() + " in an outage, " + (known.failure() == null ? "" : known.failure().code()));
        ask("/emulator/outage", "{}");
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!guard.isAllowed() && System.nanoTime() < end) {
            Thread.sleep(10);
        }
        say("guard: " + (guard.isAllowed() ? "on again after it" : "off after it"));

        // The end comes through the future, and no thread of this program waits for it.
        CompletableFuture<Long> endedAt = guard.stopped().thenApply(ended -> System.nanoTime());
        long begin = System.nanoTime();
        client.revoke(DEVICE);
        double tookMs = (endedAt.join() - begin) / 1e6;
        double slackMs = Double.parseDouble(System.getenv().getOrDefault("CHECK_SLACK_MS", "0"));
        known = guard.decision();
        say("guard: " + known.state() + (tookMs <= 200 * 1.1 + 1000 + slackMs ? " within its interval, "
                : " after " + tookMs + " ms, ") + known.code() + " request_id=" + known.requestId().length()
                + " characters");
        client.unrevoke(DEVICE);
        client.require(DEVICE);
        say("guard: still " + guard.decision().state() + " after unrevoke");
        guard.close();

        Guard stopped = client.guard(DEVICE);
        stopped.close();
        say("guard, stopped: " + on(stopped));
        List<String> done = new ArrayList<>();
        try (Guard never = client.guard("never")) {
            if (never.isAllowed()) {
                done.add("if");
            }
            while (never.isAllowed()) {
                done.add("while");
                break;
            }
        }
        say("guard, never registered: " + words(done));
    }

    private static void refused(Client client) {
        try {
            client.remove(DEVICE);
        } catch (MachineIDException refused) {
            say("remove again: " + refused.status() + " " + refused.code() + " request_id="
                    + refused.requestId().length() + " characters");
        }
        try {
            Client.builder().timeoutMs(0).build().close();
        } catch (MachineIDException wrong) {
            say("wrong option: " + wrong.status() + " " + wrong.code() + " "
                    + (wrong.getMessage().contains("timeout_ms") ? "timeout_ms" : wrong.getMessage()));
        }
        Decision nobody = client.validate("");
        say("no device: " + nobody.status() + " " + nobody.code());
        argument("NUL", "deviceId", "an argument error that names it", () -> client.validate("a\0b"));
        argument("surrogate", "deviceId", "an argument error that names it", () -> client.validate("w\ud800"));
        argument("null", "deviceId", "an argument error that names it", () -> client.validate(null));
        // A number does not compile: Misuse.java has it.
        say("number: an argument error that names it");
        secret();
        Client closed = Client.fromEnv();
        closed.close();
        argument("closed", "closed", "an argument error that says so", () -> closed.validate(DEVICE));
    }

    /** Makes a call that Java's own exception has to refuse, with this word in its message. */
    private static void argument(String step, String word, String expected, Runnable call) {
        try {
            call.run();
            say(step + ": asked");
        } catch (IllegalArgumentException | IllegalStateException | NullPointerException refused) {
            say(step + ": " + (refused.getMessage().contains(word) ? expected : refused.getMessage()));
        }
    }

    /** Gives keys that cannot be sent; no exception may show them, nor may the client that has one. */
    private static void secret() {
        List<String> shown = new ArrayList<>();
        for (String key : List.of("org_marker\0", "org_marker\ud800", "org_marker\n\u007f")) {
            try {
                Client.builder(key).build().close();
                shown.add("accepted: marker");
            } catch (IllegalArgumentException | MachineIDException refused) {
                for (Throwable one = refused; one != null; one = one.getCause()) {
                    if (one.toString().contains("marker")) {
                        shown.add(one.toString());
                    }
                }
            }
        }
        try (Client client = Client.builder("org_marker").build()) {
            String texts = client.toString() + client.async() + Client.builder("org_marker");
            if (texts.contains("marker")) {
                shown.add(texts);
            }
        }
        say("secret: " + (shown.isEmpty() ? "refused, and not shown" : shown));
    }

    private static void failures() throws Exception {
        // The reply holds unusual numbers. Its answer counts all the same.
        try (Client odd = Client.builder("org_bindings").baseUrl(System.getenv("MACHINEID_ODD_URL")).build()) {
            say("odd numbers: " + outcome(odd.validate(DEVICE)));
        }
        // An outage is neither an answer nor a refusal: the next call may bring an answer.
        String emulator = System.getenv("MACHINEID_BASE_URL");
        try (Client out = Client.builder("org_outage").baseUrl(emulator).maxRetries(0).build()) {
            tellFailure("outage", out.validate(DEVICE));
            say("outlived: " + outcome(out.validate(DEVICE)));
        }
        try (Client nobody = Client.builder("org_bindings").baseUrl("http://127.0.0.1:1").maxRetries(0).build()) {
            tellFailure("unreachable", nobody.validate(DEVICE));
        }
        String silent = System.getenv("MACHINEID_SILENT_URL");
        try (Client slow = Client.builder("org_bindings").baseUrl(silent).timeoutMs(50).build()) {
            tellFailure("timeout", slow.validate(DEVICE));
        }

        try (Client client = Client.fromEnv();
                Client waiting = Client.builder("org_bindings").baseUrl(silent).timeoutMs(60000).build()) {
            client.register(DEVICE);
            Guard guard = client.guard(DEVICE);
            CompletableFuture<Decision> call = waiting.async().validate(DEVICE);
            // So that it is most probably in flight; a call to come would be cancelled too.
            Thread.sleep(200);
            waiting.cancel();
            say("cancel: a call in flight " + outcome(call.join()));
            client.cancel();
            say("cancel: a call to come " + outcome(client.validate(DEVICE)));
            say("cancel: a guard has " + guard.stopped().join().state());
            guard.close();
        }
    }

    private static void tell(Decision decision) {
        say("validate: " + outcome(decision) + " code=" + decision.code() + (decision.isAllowed() ? ""
                : " request_id=" + decision.requestId().length() + " characters"));
    }

    private static void tellFailure(String step, Decision decision) {
        say(step + ": " + outcome(decision) + " " + decision.code());
    }

    private static String outcome(Decision decision) {
        return decision.status() + " allowed=" + (decision.isAllowed() ? 1 : 0);
    }

    private static String words(List<String> done) {
        return done.isEmpty() ? "nothing done" : String.join(", ", done);
    }

    private static String on(Guard guard) {
        return guard.isAllowed() ? "on" : "off";
    }

    private static void ask(String path, String body) throws Exception {
        Process asking = new ProcessBuilder("ask", path, body).inheritIO().redirectOutput(
                ProcessBuilder.Redirect.DISCARD).start();
        if (asking.waitFor() != 0) {
            throw new IllegalStateException("ask " + path);
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
