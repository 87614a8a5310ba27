package io.machineid;

import static io.machineid.Waiting.INTERVAL_MS;
import static io.machineid.Waiting.PATIENCE;
import static io.machineid.Waiting.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import io.machineid.testing.Emulator;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Guards, in threads and as futures. */
final class GuardTest {
    private Emulator authority;
    private Client client;
    private Guard guard;

    @BeforeEach
    void begin() {
        authority = Emulator.start();
        authority.register("agent");
        client = authority.client();
        guard = client.guard("agent", new GuardOptions().intervalMs(INTERVAL_MS));
    }

    @AfterEach
    void end() {
        guard.close();
        client.close();
        authority.close();
    }

    @Test
    void aGuardIsOnWhileTheDeviceIsAllowed() throws Exception {
        GuardDecision known = guard.decision();
        assertTrue(guard.isAllowed() && known.isAllowed());
        assertEquals("agent on ALLOW", guard.deviceId() + " " + known.state() + " " + known.code());
        assertNull(known.error());
        assertTrue(known.checks() >= 1 && known.ageMs() >= 0 && known.failures() == 0);
        long begin = System.nanoTime();
        authority.revoke("agent");
        assertTrue(guard.waitUntilOff(PATIENCE));
        double tookMs = (System.nanoTime() - begin) / 1e6;
        assertTrue(tookMs <= Waiting.boundMs(), tookMs + " ms");
        known = guard.decision();
        assertFalse(guard.isAllowed() || known.isAllowed());
        assertSame(GuardState.DENIED, known.state());
        assertEquals(36, known.requestId().length());
        assertEquals("agent: denied, DEVICE_REVOKED (request id " + known.requestId() + ")", known.toString());
        assertInstanceOf(DeniedException.class, known.error());
        authority.unrevoke("agent");
        assertTrue(client.isAllowed("agent"));
        assertFalse(guard.isAllowed());
    }

    @Test
    void itsEndIsAFuture() throws Exception {
        CompletableFuture<GuardDecision> first = guard.stopped();
        CompletableFuture<Long> second = guard.stopped().thenApply(ended -> System.nanoTime());
        assertFalse(first.isDone() || second.isDone());
        long begin = System.nanoTime();
        authority.revoke("agent");
        double tookMs = (second.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS) - begin) / 1e6;
        assertTrue(tookMs <= Waiting.boundMs(), tookMs + " ms");
        assertSame(GuardState.DENIED, first.join().state());
        assertEquals("DEVICE_REVOKED", guard.stopped().join().code());
        guard.close();
        assertSame(GuardState.DENIED, guard.stopped().join().state());
    }

    @Test
    void manyGuardsAreAwaitedByOneThreadThatSleeps() throws Exception {
        List<Guard> guards = new ArrayList<>();
        List<CompletableFuture<GuardDecision>> ends = new ArrayList<>();
        for (int n = 0; n < 200; n++) {
            guards.add(client.guard("agent", new GuardOptions().intervalMs(INTERVAL_MS)));
            ends.add(guards.get(n).stopped());
        }
        assertTrue(eventually(() -> Waiting.threads("machineid-watch") == 1));
        Thread watcher = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("machineid-watch")).findFirst().orElseThrow();
        ThreadMXBean times = ManagementFactory.getThreadMXBean();
        long before = times.getThreadCpuTime(watcher.getId());
        Thread.sleep(1000);
        long busyMs = TimeUnit.NANOSECONDS.toMillis(times.getThreadCpuTime(watcher.getId()) - before);
        assertTrue(busyMs <= 20, busyMs + " ms of the processor's time in a second");
        assertFalse(ends.stream().anyMatch(CompletableFuture::isDone));
        authority.revoke("agent");
        CompletableFuture.allOf(ends.toArray(new CompletableFuture<?>[0]))
                .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        guards.forEach(Guard::close);
    }

    @Test
    void theThreadThatWatchesGoesAndComesAgain() throws Exception {
        for (int round = 0; round < 2; round++) {
            CompletableFuture<GuardDecision> end = guard.stopped();
            assertTrue(eventually(() -> Waiting.threads("machineid-watch") == 1));
            end.cancel(false);
            assertTrue(eventually(() -> Waiting.threads("machineid-watch") == 0));
        }
        CompletableFuture<GuardDecision> end = guard.stopped();
        authority.revoke("agent");
        assertSame(GuardState.DENIED, end.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).state());
    }

    @Test
    void aCallOfTheSystemThatFailsSaysWhy() {
        Client.version();
        assertEquals(-1, Epoll.epoll_ctl(-1, Epoll.ADD, 0, Epoll.event(1)));
        assertEquals(9, Native.getLastError());
    }

    @Test
    void aFutureThatIsGivenUpIsNotKept() throws Exception {
        for (int n = 0; n < 1000; n++) {
            guard.stopped().cancel(false);
        }
        CompletableFuture<GuardDecision> other = guard.stopped();
        assertThrows(Exception.class, () -> guard.stopped().orTimeout(1, TimeUnit.MILLISECONDS).join());
        assertFalse(other.isDone(), "what a caller does with its future is nobody else's");
        authority.revoke("agent");
        assertSame(GuardState.DENIED, other.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).state());
    }

    @Test
    void aLapsePasses() throws Exception {
        CompletableFuture<GuardDecision> end = guard.stopped();
        authority.outage(503);
        assertTrue(guard.waitUntilOff(PATIENCE));
        GuardDecision known = guard.decision();
        assertSame(GuardState.LAPSED, known.state());
        assertSame(Status.UNAVAILABLE, known.failure().status());
        assertSame(Status.UNAVAILABLE, known.error().status());
        assertTrue(known.failures() > 0);
        authority.recover();
        assertTrue(eventually(guard::isAllowed));
        assertNull(guard.decision().failure());
        assertFalse(end.isDone());
    }

    @Test
    void deniedFromTheStart() throws Exception {
        try (Guard never = client.guard("never")) {
            assertFalse(never.isAllowed());
            assertTrue(never.waitUntilOff(Duration.ZERO));
            assertEquals("DEVICE_NOT_REGISTERED", never.stopped().join().code());
        }
    }

    @Test
    void noGuardWithoutAnAnswer() {
        authority.close();
        assertSame(Status.CONNECT_FAILED,
                assertThrows(NoAnswerException.class, () -> client.guard("agent")).status());
    }

    @Test
    void options() {
        for (GuardOptions wrong : List.of(new GuardOptions().intervalMs(1), new GuardOptions().maxAgeMs(0))) {
            MachineIDException refused = assertThrows(MachineIDException.class, () -> client.guard("agent", wrong));
            assertSame(Status.INVALID_OPTIONS, refused.status());
            assertTrue(refused.getMessage().contains("_ms"), refused.getMessage());
        }
        assertEquals("{\"interval_ms\":20,\"max_age_ms\":40}",
                new GuardOptions().intervalMs(20).maxAgeMs(40).toString());
    }

    @Test
    void waitingHasALimitAndCanBeInterrupted() throws Exception {
        assertFalse(guard.waitUntilOff(Duration.ZERO));
        assertFalse(guard.waitUntilOff(Duration.ofSeconds(-1)));
        long begin = System.nanoTime();
        assertFalse(guard.waitUntilOff(Duration.ofMillis(300)));
        assertTrue(System.nanoTime() - begin >= 300_000_000L);
        CompletableFuture<Class<?>> found = new CompletableFuture<>();
        Thread waiting = new Thread(() -> {
            try {
                guard.waitUntilOff();
                found.complete(null);
            } catch (InterruptedException interrupted) {
                found.complete(InterruptedException.class);
            }
        });
        waiting.start();
        waiting.interrupt();
        assertSame(InterruptedException.class, found.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
    }

    @Test
    void closeLetsThreadsAndFuturesGo() throws Exception {
        CompletableFuture<GuardDecision> end = guard.stopped();
        CountDownLatch inside = new CountDownLatch(3);
        List<CompletableFuture<Boolean>> found = new ArrayList<>();
        for (int n = 0; n < 3; n++) {
            CompletableFuture<Boolean> one = new CompletableFuture<>();
            found.add(one);
            new Thread(() -> {
                inside.countDown();
                try {
                    one.complete(guard.waitUntilOff(Duration.ofDays(400_000)));
                } catch (InterruptedException never) {
                    one.completeExceptionally(never);
                }
            }).start();
        }
        inside.await();
        guard.close();
        guard.close();
        for (CompletableFuture<Boolean> one : found) {
            assertTrue(one.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
        }
        assertSame(GuardState.ENDED, end.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).state());
        assertEquals("Guard of agent of Client, open, stopped", guard.toString());
        assertSame(Status.CANCELLED, guard.decision().error().status());
        assertEquals("ALLOW", guard.decision().code(), "what it knew last");
    }

    @Test
    void aGuardEndsWithItsClient() throws Exception {
        CompletableFuture<GuardDecision> end = guard.stopped();
        client.close();
        assertSame(GuardState.ENDED, end.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).state());
        assertFalse(guard.isAllowed());
        assertSame(Status.CANCELLED, guard.decision().error().status());
    }

    @Test
    void aGuardThatIsClosedWhileThreadsLookAtIt() throws Exception {
        for (int round = 0; round < 50; round++) {
            Guard closing = client.guard("agent");
            Set<String> faults = new ConcurrentSkipListSet<>();
            CountDownLatch started = new CountDownLatch(3);
            List<Thread> threads = new ArrayList<>();
            for (int n = 0; n < 3; n++) {
                threads.add(new Thread(() -> {
                    started.countDown();
                    while (closing.isAllowed()) {
                        if (closing.decision().state() == GuardState.LAPSED) {
                            faults.add("lapsed");
                        }
                        closing.stopped().cancel(false);
                    }
                }));
                threads.get(n).start();
            }
            started.await();
            closing.close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertTrue(faults.isEmpty(), faults.toString());
            assertSame(GuardState.ENDED, closing.stopped().join().state());
        }
    }

    @Test
    void aGuardWhoseEndIsAwaitedIsNotCollected() throws Exception {
        CompletableFuture<GuardDecision> end =
                client.guard("agent", new GuardOptions().intervalMs(INTERVAL_MS)).stopped();
        System.gc();
        authority.revoke("agent");
        assertSame(GuardState.DENIED, end.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).state());
    }

    @Test
    void manyGuardsShareOneThread() throws Exception {
        List<Guard> guards = new ArrayList<>();
        for (int n = 0; n < 20; n++) {
            guards.add(client.guard("agent"));
        }
        assertTrue(guards.stream().allMatch(Guard::isAllowed));
        assertTrue(eventually(() -> Waiting.threads("machineid-guard") == 1));
        guards.forEach(Guard::close);
        guard.close();
        assertTrue(eventually(() -> Waiting.threads("machineid-guard") == 0));
    }

    @Test
    void aLookDoesNotTakeLong() {
        int count = 1_000_000;
        boolean isOn = true;
        ThreadMXBean times = ManagementFactory.getThreadMXBean();
        long begin = times.getCurrentThreadCpuTime();
        for (int n = 0; n < count; n++) {
            isOn &= guard.isAllowed();
        }
        long eachNs = (times.getCurrentThreadCpuTime() - begin) / count;
        System.out.println("a look at a guard: " + eachNs + " ns");
        assertTrue(isOn && eachNs < 20_000);
    }
}
