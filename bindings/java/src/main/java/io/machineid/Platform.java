package io.machineid;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/** What this process runs on. */
final class Platform {
    /** The processor, as JNA's names of resources have it. */
    static final String PROCESSOR = processor(System.getProperty("os.arch", "unknown"));

    private Platform() {}

    static String processor(String arch) {
        switch (arch) {
            case "amd64":
            case "x86_64":
                return "x86-64";
            case "arm64":
                return "aarch64";
            default:
                return arch;
        }
    }

    /**
     * Returns the library for this platform in the jar. Its folder has JNA's name for the platform; JNA has none for
     * musl.
     */
    static String resource() {
        String system = System.getProperty("os.name", "unknown").toLowerCase(Locale.ROOT);
        return "/" + system + "-" + PROCESSOR + (isMusl() ? "-musl" : "") + "/libmachineid.so";
    }

    /**
     * Checks that there is a library for this platform.
     *
     * @throws UnsatisfiedLinkError where there is none, with a sentence
     */
    static void check() {
        if (Platform.class.getResource(resource()) == null) {
            throw new UnsatisfiedLinkError("machineid has no library for " + System.getProperty("os.name") + " on "
                    + System.getProperty("os.arch") + (isMusl() ? " with musl" : "") + ": this jar has those for Linux "
                    + "on x86-64 and aarch64, with glibc and musl; install libmachineid there, and name it with -D"
                    + Natives.LIBRARY + "=/path/to/" + Natives.SONAME);
        }
    }

    /** Whether the C library of this process is musl: it is one of the files that the process has mapped. */
    private static boolean isMusl() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return isMusl(maps);
        } catch (IOException | UncheckedIOException noProc) {
            return false;
        }
    }

    static boolean isMusl(Stream<String> maps) {
        return maps.anyMatch(line -> line.contains("/ld-musl-") || line.contains("/libc.musl-"));
    }
}
