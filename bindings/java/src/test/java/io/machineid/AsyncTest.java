package io.machineid;

import static io.machineid.Waiting.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.machineid.testing.Emulator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The calls as futures. */
final class AsyncTest {
    private Emulator authority;
    private Client client;

    @BeforeEach
    void begin() {
        authority = Emulator.start();
        authority.register("agent");
        client = authority.builder().timeoutMs(600_000).build();
    }

    @AfterEach
    void end() {
        client.close();
        authority.close();
    }

    @Test
    void whatFollowsOnRequireIsDoneOnlyWhenAllowed() {
        AtomicInteger done = new AtomicInteger();
        client.async().require("agent").thenRun(done::incrementAndGet).join();
        assertEquals(1, done.get());
        CompletableFuture<Void> denied = client.async().require("never").thenRun(done::incrementAndGet);
        CompletionException failed = assertThrows(CompletionException.class, denied::join);
        assertInstanceOf(DeniedException.class, failed.getCause());
        assertEquals(1, done.get());
    }

    @Test
    void everyCallHasAFuture() {
        AsyncClient async = client.async();
        assertEquals("ok", async.register("new").join().text("status"));
        assertTrue(async.validate("new").join().isAllowed());
        async.revoke("new").join();
        assertFalse(async.validate("new").join().isAllowed());
        async.unrevoke("new").join();
        async.restore("new").join();
        assertTrue(async.validateMany(List.of("agent", "new")).join().allAllowed());
        assertEquals(2, ((List<?>) async.listDevices().join().asMap().get("devices")).size());
        assertEquals("pro", async.usage().join().text("planTier"));
        async.remove("new").join();
        assertSame(Status.REFUSED, ((MachineIDException) assertThrows(CompletionException.class,
                () -> async.remove("new").join()).getCause()).status());
        try (Guard guard = async.guard("agent", new GuardOptions().intervalMs(Waiting.INTERVAL_MS)).join()) {
            assertTrue(guard.isAllowed());
        }
    }

    @Test
    void callsWaitBesideEachOther() {
        authority.pause();
        List<CompletableFuture<Decision>> calls = new ArrayList<>();
        for (int n = 0; n < 50; n++) {
            calls.add(client.async().require("agent"));
        }
        assertFalse(calls.stream().anyMatch(CompletableFuture::isDone));
        authority.resume();
        calls.forEach(CompletableFuture::join);
    }

    @Test
    void aCancelledFutureIsGivenUp() throws Exception {
        authority.pause();
        CompletableFuture<Guard> guard = client.async().guard("agent");
        assertTrue(guard.cancel(true) && guard.isCancelled());
        authority.resume();
        client.async().require("agent").join();
        assertTrue(eventually(() -> Waiting.threads("machineid-guard") == 0), "a guard that came too late is closed");
    }

    @Test
    void cancelEndsTheCallsInFlight() {
        authority.pause();
        CompletableFuture<Decision> call = client.async().validate("agent");
        client.cancel();
        assertSame(Status.CANCELLED, call.join().status());
        client.close();
        assertInstanceOf(IllegalStateException.class, assertThrows(CompletionException.class,
                () -> client.async().validate("agent").join()).getCause());
    }

    @Test
    void anExecutorOfTheProgramsOwn() {
        ExecutorService own = Executors.newSingleThreadExecutor(work -> new Thread(work, "own"));
        AsyncClient async = client.async(own);
        assertEquals("ALLOW", async.require("agent").join().code());
        own.shutdown();
        assertInstanceOf(RejectedExecutionException.class, assertThrows(CompletionException.class,
                () -> async.require("agent").join()).getCause());
    }
}
