package io.machineid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The parts that need no authority: JSON, statuses, handles, and where the library is loaded from. */
final class PartsTest {
    @Test
    void jsonIsRead() {
        Object read = Json.parsed(" {\"a\" : [ 1, -2.5, true , null ], \"b\":\"\\u00fc\\n\\\\\\\"\\/\", \"c\":{}} ");
        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("a", Arrays.asList(1L, -2.5, true, null));
        expected.put("b", "\u00fc\n\\\"/");
        expected.put("c", Map.of());
        assertEquals(expected, read);
        assertEquals(read, Json.parsed(Json.written(read)));
    }

    @Test
    void oddNumbersAreRead() {
        String nines = "9".repeat(400);
        Object read = Json.parsed("[18446744073709551615,-9223372036854775809," + nines + ",1e-400,-0,0.1e1]");
        assertEquals(6, ((List<?>) read).size());
        assertEquals(read, Json.parsed(Json.written(read)), "infinity too");
    }

    @Test
    void whatIsNoJsonIsNothing() {
        for (String text : List.of("", "{", "[1", "{\"a\"}", "{a:1}", "[1,]", "nothing", "1 2", "\"\\x\"", "\"\\u12\"",
                "NaN", "[Infinity]", "1f", "[".repeat(100_000) + "]".repeat(100_000))) {
            assertNull(Json.parsed(text), text.substring(0, Math.min(20, text.length())));
        }
        assertEquals(Map.of(), new Reply("[1]").asMap());
        assertEquals(Map.of(), new Reply("nothing").asMap());
    }

    @Test
    void aDecisionDoesNotDependOnWhatJavaCanRead() {
        assertTrue(new Decision("agent", true, 0, Reply.EMPTY).isAllowed());
        Decision late = new Decision("agent", false, 204, new Reply("{\"allowed\":true}"));
        assertFalse(late.isAllowed());
        assertSame(Status.TIMEOUT, late.error().status());
        Decisions odd = Decisions.of(List.of("a", "b"), new int[] {1, 0}, 300, "nothing");
        assertEquals(List.of("a"), odd.allowed());
        assertSame(Status.BAD_REPLY, odd.get(1).status());
    }

    @Test
    void everyStatusHasItsException() {
        Reply reply = new Reply("{\"code\":\"CLIENT_X\",\"message\":\"HTTP 599: y\",\"request_id\":\"r\"}");
        for (Status status : Status.values()) {
            MachineIDException made = MachineIDException.of(status.number(), reply);
            assertSame(status, made.status());
            assertTrue(made.getMessage().endsWith("(request id r)"), made.getMessage());
            assertEquals(599, made.httpStatus().getAsInt());
            assertSame(status, Status.of(status.number()));
        }
        MachineIDException unknown = MachineIDException.of(299, Reply.EMPTY);
        assertInstanceOf(NoAnswerException.class, unknown);
        assertEquals(299, unknown.statusNumber());
        assertEquals("MID_UNKNOWN_STATUS 299 null", unknown.getMessage());
    }

    @Test
    void aHandleIsFreedAfterItsLastUse() {
        AtomicInteger freed = new AtomicInteger();
        Handle handle = new Handle(7, address -> freed.addAndGet((int) address));
        assertEquals(7, handle.acquire());
        handle.close();
        handle.close();
        assertEquals(0, handle.acquire(), "a closed handle is not used again");
        assertEquals(0, freed.get());
        handle.release();
        assertEquals(7, freed.get());
        assertEquals(0, handle.acquire());
    }

    @Test
    void aFolderOnANoexecMountIsKnown() {
        List<String> mounts = List.of(
                "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
                "23 22 0:5 / /tmp rw,nosuid,nodev,noexec - tmpfs tmpfs rw",
                "24 23 0:6 / /tmp/a\\040b rw - tmpfs tmpfs rw",
                "25 22 0:7 / /var/tmp rw - tmpfs tmpfs rw",
                "26 22 0:8 / /var/tmp rw,noexec - tmpfs tmpfs rw",
                "a line that is none");
        assertTrue(Folders.isNoexec(Path.of("/tmp"), mounts));
        assertTrue(Folders.isNoexec(Path.of("/tmp/x/y"), mounts));
        assertFalse(Folders.isNoexec(Path.of("/tmpx"), mounts));
        assertFalse(Folders.isNoexec(Path.of("/tmp/a b/c"), mounts));
        assertTrue(Folders.isNoexec(Path.of("/var/tmp"), mounts), "a later mount hides an earlier one");
        assertFalse(Folders.isNoexec(Path.of("/home"), List.of()));
    }

    @Test
    void muslIsKnownByItsLoader() {
        String glibc = "7f 0 /usr/lib/x86_64-linux-gnu/libc.so.6";
        assertFalse(Platform.isMusl(Stream.of(glibc)));
        assertTrue(Platform.isMusl(Stream.of(glibc, "7f 0 /lib/ld-musl-x86_64.so.1")));
        assertTrue(Platform.isMusl(Stream.of("7f 0 /lib/libc.musl-aarch64.so.1")));
        assertEquals("x86-64", Platform.processor("amd64"));
        assertEquals("aarch64", Platform.processor("arm64"));
        assertEquals("riscv64", Platform.processor("riscv64"));
    }

    @Test
    void theJarHasALibraryForEachPlatform() {
        if (System.getProperty(Natives.LIBRARY) == null) {
            for (String folder : List.of("linux-x86-64", "linux-aarch64", "linux-x86-64-musl", "linux-aarch64-musl")) {
                assertTrue(Client.class.getResource("/" + folder + "/libmachineid.so") != null, folder);
            }
        }
    }

    @Test
    void anUnknownMemberIsNull() {
        Reply reply = new Reply("{\"n\":1,\"error\":\"e\",\"code\":null,\"reason\":\"r\"}");
        assertNull(reply.text("n"));
        assertNull(reply.text("none"));
        assertEquals("e r", reply.code() + " " + reply.message());
        assertThrows(UnsupportedOperationException.class, () -> reply.asMap().clear());
    }
}
