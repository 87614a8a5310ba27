package io.machineid;

import static io.machineid.Waiting.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.machineid.testing.Emulator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client that blocks: decisions, exceptions, and what cannot be given to it. */
final class ClientTest {
    private Emulator authority;
    private Client client;

    @BeforeEach
    void begin() {
        authority = Emulator.start();
        authority.register("agent");
        client = authority.client();
    }

    @AfterEach
    void end() {
        client.close();
        authority.close();
    }

    @Test
    void aDecisionSaysWhetherTheDeviceIsAllowed() {
        Decision decision = client.validate("agent");
        assertTrue(decision.isAllowed() && client.isAllowed("agent"));
        assertEquals("MID_OK ALLOW null", decision.status() + " " + decision.code() + " " + decision.error());
        authority.revoke("agent");
        decision = client.validate("agent");
        assertFalse(decision.isAllowed() || client.isAllowed("agent"));
        assertEquals("MID_OK DEVICE_REVOKED", decision.status() + " " + decision.code());
        assertInstanceOf(DeniedException.class, decision.error());
        assertEquals("agent: denied, DEVICE_REVOKED (request id " + decision.requestId() + ")", decision.toString());
    }

    @Test
    void requireThrowsWithTheCodeAndTheRequestId() {
        assertEquals("ALLOW", client.require("agent").code());
        DeniedException denied = assertThrows(DeniedException.class, () -> client.require("never"));
        assertEquals(36, denied.requestId().length());
        assertEquals("not allowed: DEVICE_NOT_REGISTERED (request id " + denied.requestId() + ")", denied.getMessage());
        assertTrue(denied.httpStatus().isEmpty());
        assertSame(Status.OK, denied.status());
    }

    @Test
    void manyDevices() {
        authority.register("other");
        Decisions decisions = client.validateMany(List.of("agent", "never", "", "other"));
        assertEquals(List.of(true, false, false, true),
                decisions.stream().map(Decision::isAllowed).collect(Collectors.toList()));
        assertEquals(List.of(Status.OK, Status.OK, Status.INVALID_ARGUMENT, Status.OK),
                decisions.stream().map(Decision::status).collect(Collectors.toList()));
        assertEquals(List.of("agent", "other"), decisions.allowed());
        assertEquals(List.of("never", ""), decisions.denied());
        assertEquals("2 of 4 allowed", decisions.toString());
        assertFalse(decisions.allAllowed());
        assertEquals(36, decisions.get(1).requestId().length());
        assertTrue(client.validateMany(Set.of("agent", "other")).allAllowed());
        assertFalse(client.validateMany(List.of()).allAllowed());
    }

    @Test
    void manyDevicesOfACancelledClient() {
        client.cancel();
        Decisions decisions = client.validateMany(List.of("agent", "agent"));
        decisions.forEach(decision -> assertSame(Status.CANCELLED, decision.status()));
        assertFalse(decisions.allAllowed());
        assertSame(Status.CANCELLED, decisions.get(0).error().status());
    }

    @Test
    void aThousandDevicesGetTheirOwnAnswers() {
        List<String> ids = IntStream.range(0, 1000).mapToObj(n -> n % 100 == 0 ? "agent" : "device-" + n)
                .collect(Collectors.toList());
        Decisions decisions = client.validateMany(ids);
        assertEquals(Collections.nCopies(10, "agent"), decisions.allowed());
        assertEquals(ids, decisions.stream().map(Decision::deviceId).collect(Collectors.toList()));
    }

    @Test
    void theOperationsOfAnOperator() {
        assertEquals("ok", client.register("new").text("status"));
        assertEquals("exists", client.register("new").text("status"));
        client.revoke("new");
        assertFalse(client.isAllowed("new"));
        client.unrevoke("new");
        assertTrue(client.isAllowed("new"));
        client.revoke("new");
        client.restore("new");
        assertTrue(client.isAllowed("new"));
        assertEquals(2, ((List<?>) client.listDevices().asMap().get("devices")).size());
        assertEquals("pro", client.usage().text("planTier"));
        client.remove("new");
        RefusedException refused = assertThrows(RefusedException.class, () -> client.remove("new"));
        assertEquals("device_not_found", refused.code());
        assertTrue(refused.getMessage().startsWith("MID_REFUSED device_not_found"), refused.getMessage());
        assertTrue(refused.getMessage().endsWith("(request id " + refused.requestId() + ")"), refused.getMessage());
        assertEquals(refused.requestId(), refused.reply().text("request_id"));
    }

    @Test
    void anOutageIsNoDecision() {
        authority.outage(503);
        assertSame(Status.UNAVAILABLE, client.validate("agent").status());
        NoAnswerException outage = assertThrows(NoAnswerException.class, () -> client.require("agent"));
        assertEquals(503, outage.httpStatus().getAsInt());
        assertEquals(205, outage.statusNumber());
        authority.recover();
        assertTrue(client.isAllowed("agent"));
    }

    @Test
    void noAuthorityAndOneThatHangs() {
        try (Client hasty = authority.builder().timeoutMs(50).build()) {
            authority.pause();
            assertSame(Status.TIMEOUT, assertThrows(NoAnswerException.class, () -> hasty.require("agent")).status());
        }
        authority.close();
        assertSame(Status.CONNECT_FAILED,
                assertThrows(NoAnswerException.class, () -> client.require("agent")).status());
        assertFalse(client.isAllowed("agent"));
    }

    @Test
    void aWrongKeyIsRefused() {
        try (Client other = Client.builder("org_other").baseUrl(authority.url()).build()) {
            assertInstanceOf(RefusedException.class, other.validate("agent").error());
            assertFalse(other.isAllowed("agent"));
        }
    }

    @Test
    void whatCannotBePassedOn() {
        List<Consumer<String>> calls = List.of(client::validate, client::isAllowed, client::require, client::register,
                client::revoke, client::guard, client.async()::require, client.async()::guard);
        for (Consumer<String> call : calls) {
            refused(NullPointerException.class, "deviceId must not be null", () -> call.accept(null));
            refused(IllegalArgumentException.class, "deviceId must be a text without NUL", () -> call.accept("a\0b"));
            for (String half : List.of("w\ud800", "\udc00w", "\ud800\ud800\udc00")) {
                refused(IllegalArgumentException.class, "deviceId must be a text without lone surrogates",
                        () -> call.accept(half));
            }
        }
        refused(NullPointerException.class, "deviceIds[1] must not be null",
                () -> client.validateMany(Arrays.asList("agent", null)));
        refused(IllegalArgumentException.class, "deviceIds[0] must be a text without NUL",
                () -> client.async().validateMany(List.of("\0")));
        refused(NullPointerException.class, "deviceIds must not be null", () -> client.validateMany(null));
        assertFalse(client.isAllowed("\ud83d\ude00"), "a pair of surrogates is a text");
    }

    private static void refused(Class<? extends RuntimeException> kind, String message,
            org.junit.jupiter.api.function.Executable call) {
        assertEquals(message, assertThrows(kind, call).getMessage());
    }

    @Test
    void options() {
        ClientBuilder zero = authority.builder().timeoutMs(0);
        MachineIDException wrong = assertThrows(MachineIDException.class, zero::build);
        assertTrue(wrong.getMessage().contains("timeout_ms"), wrong.getMessage());
        Stream<UnaryOperator<ClientBuilder>> refused = Stream.of(
                builder -> builder.timeoutMs(0), builder -> builder.connectTimeoutMs(0),
                builder -> builder.maxRetries(11), builder -> builder.maxConnections(0),
                builder -> builder.maxConnectionAgeMs(1), builder -> builder.proxy("x:"),
                builder -> builder.userAgent(""), builder -> builder.caPath("/proc/none"),
                builder -> builder.baseUrl("ftp://none"), builder -> builder.pinnedPublicKey("none"),
                builder -> builder.caFile(Path.of("/proc/none/\"none\\")), builder -> builder.envVar("X"));
        refused.map(option -> option.apply(authority.builder())).forEach(builder -> assertSame(Status.INVALID_OPTIONS,
                assertThrows(MachineIDException.class, builder::build).status()));
        refused(NullPointerException.class, "url must not be null", () -> authority.builder().proxy(null));
        try (Client all = authority.builder().timeoutMs(5000).connectTimeoutMs(1000).maxRetries(1).maxConnections(2)
                .maxConnectionAgeMs(60_000).userAgent("tests/1").noProxy("*").proxy("").build()) {
            assertTrue(all.isAllowed("agent"));
        }
    }

    @Test
    void aKeyIsNeeded() {
        assertSame(Status.NO_ORG_KEY, assertThrows(MachineIDException.class,
                () -> Client.builder().envVar("MACHINEID_NO_SUCH_VARIABLE").build()).status());
        refused(NullPointerException.class, "orgKey must not be null", () -> Client.builder(null));
    }

    @Test
    void theKeyIsInNoText() {
        List<String> texts = new ArrayList<>();
        for (String key : List.of("org_marker\0", "org_marker\ud800", "org_marker\n\u007f")) {
            RuntimeException refused = assertThrows(RuntimeException.class, () -> Client.builder(key).build());
            texts.add(refused + " " + refused.getCause());
        }
        ClientBuilder builder = Client.builder("org_marker").proxy("http://user:marker@127.0.0.1:1");
        try (Client secret = builder.maxRetries(0).build(); Client other = authority.builder().build()) {
            texts.add(builder + " " + secret + " " + secret.async() + " " + secret.validate("agent").error());
            texts.add(other.guard("agent").toString());
        }
        texts.forEach(text -> assertFalse(text.contains("marker"), text));
    }

    @Test
    void aClosedClient() {
        client.close();
        client.close();
        client.cancel();
        assertEquals("Client, closed", client.toString());
        List<Consumer<String>> calls = List.of(client::validate, client::isAllowed, client::register, client::guard,
                device -> client.validateMany(List.of(device)), device -> client.stats());
        calls.forEach(call -> refused(IllegalStateException.class, "the client is closed; make a new one",
                () -> call.accept("agent")));
    }

    @Test
    void aClientThatIsClosedDuringItsCalls() throws Exception {
        for (int round = 0; round < 20; round++) {
            Client closing = authority.client();
            Set<String> found = new ConcurrentSkipListSet<>();
            CountDownLatch started = new CountDownLatch(4);
            List<Thread> threads = new ArrayList<>();
            for (int n = 0; n < 4; n++) {
                threads.add(new Thread(() -> {
                    started.countDown();
                    try {
                        for (;;) {
                            found.add(closing.validate("agent").status().toString());
                        }
                    } catch (IllegalStateException closed) {
                        found.add("closed");
                    }
                }));
                threads.get(n).start();
            }
            started.await();
            closing.close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertTrue(Set.of("MID_OK", "MID_CANCELLED", "closed").containsAll(found), found.toString());
            assertTrue(found.contains("closed"));
        }
    }

    @Test
    void aClientThatNobodyHoldsFinishesItsCall() throws Exception {
        for (int round = 0; round < 50; round++) {
            Thread collector = new Thread(System::gc);
            collector.start();
            assertSame(Status.OK, authority.client().validate("agent").status());
            collector.join();
        }
    }

    @Test
    void theCollectorClosesAClient() throws Exception {
        Client lost = authority.client();
        Guard guard = lost.guard("agent");
        assertTrue(guard.isAllowed());
        lost = null;
        System.gc();
        assertTrue(guard.isAllowed(), "a guard holds its client");
        guard = null;
        assertTrue(eventually(() -> {
            System.gc();
            return Waiting.threads("machineid-guard") == 0;
        }));
    }

    @Test
    void cancelFromAnotherThread() throws Exception {
        try (Client waiting = authority.builder().timeoutMs(600_000).build()) {
            authority.pause();
            AtomicReference<Decision> found = new AtomicReference<>();
            Thread thread = new Thread(() -> found.set(waiting.validate("agent")));
            thread.start();
            waiting.cancel();
            thread.join(Waiting.PATIENCE.toMillis());
            assertSame(Status.CANCELLED, found.get().status());
        }
    }

    @Test
    void exceptionsAreSerialised() throws Exception {
        DeniedException denied = assertThrows(DeniedException.class, () -> client.require("never"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(denied);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            DeniedException again = (DeniedException) in.readObject();
            assertEquals(denied.getMessage() + denied.requestId(), again.getMessage() + again.requestId());
            assertSame(Status.OK, again.status());
        }
    }

    @Test
    void statsAndVersions() {
        client.validate("agent");
        Object calls = client.stats().asMap().get("calls");
        assertTrue(Reply.membersOf(calls).containsKey("validate"), client.stats().toString());
        assertEquals(Client.version(), Client.buildInfo().text("version"));
        if (System.getProperty("machineid.library") == null) {
            assertEquals("inside", Client.buildInfo().inner("libcurl").text("where"));
        }
        assertNull(client.stats().text("calls"));
    }
}
