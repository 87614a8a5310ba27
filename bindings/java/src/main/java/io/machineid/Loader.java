package io.machineid;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the library and binds its functions. The library in the jar is copied into memory that has a descriptor, so
 * that no folder has to be writable or executable and nothing is left behind; where the system refuses that, into a
 * file, which is removed once it is loaded.
 */
final class Loader {
    /** To close on exec, and not to be started as a program, which a library is not. */
    private static final long MFD_CLOEXEC = 1;
    private static final long MFD_NOEXEC_SEAL = 8;

    private final String resource = Platform.resource();
    private final List<String> faults = new ArrayList<>();

    private Loader() {}

    static void bind() {
        NativeLibrary library = new Loader().find();
        try {
            Native.register(Mid.class, library);
        } catch (UnsatisfiedLinkError missing) {
            throw new UnsatisfiedLinkError("the library is older than this package: " + reason(missing));
        }
        Native.register(Epoll.class, NativeLibrary.getProcess());
    }

    private NativeLibrary find() {
        String named = System.getProperty(Natives.LIBRARY);
        if (named != null) {
            return named(named);
        }
        String folder = System.getProperty(Natives.FOLDER);
        NativeLibrary library = folder == null ? inMemory() : inFile(Path.of(folder));
        if (folder == null) {
            for (Path candidate : Folders.candidates()) {
                library = library == null ? inFile(candidate) : library;
            }
        }
        if (library == null) {
            throw new UnsatisfiedLinkError("machineid found no place to load its library from: "
                    + String.join("; ", faults) + "; name a folder that can be written to and is not mounted noexec, "
                    + "with -D" + Natives.FOLDER + "=FOLDER, or an installed " + Natives.SONAME + ", with -D"
                    + Natives.LIBRARY + "=FILE");
        }
        return library;
    }

    private static NativeLibrary named(String file) {
        try {
            return NativeLibrary.getInstance(file);
        } catch (UnsatisfiedLinkError refused) {
            throw new UnsatisfiedLinkError("the library that -D" + Natives.LIBRARY + " names does not load: "
                    + reason(refused));
        }
    }

    /** Loads the library from memory. Null where the system refuses that. */
    private NativeLibrary inMemory() {
        long number = Platform.PROCESSOR.equals("x86-64") ? 319 : 279;
        Function syscall = NativeLibrary.getProcess().getFunction("syscall");
        long descriptor = -1;
        for (long flags : new long[] {MFD_CLOEXEC | MFD_NOEXEC_SEAL, MFD_CLOEXEC}) {
            // Kernels before 6.3 do not know the second flag, and some later ones demand it.
            descriptor = descriptor >= 0 ? descriptor
                    : syscall.invokeLong(new Object[] {number, Natives.SONAME, flags});
        }
        if (descriptor < 0) {
            faults.add("the system has no memfd_create");
            return null;
        }
        // The descriptor stays open: a loader that is given its number again would take that for the same library.
        NativeLibrary library = opened(Path.of("/proc/self/fd/" + descriptor), "memory, through /proc,");
        if (library == null) {
            NativeLibrary.getProcess().getFunction("close").invokeInt(new Object[] {(int) descriptor});
        }
        return library;
    }

    /** Loads the library from a file in a folder. Null where that is not possible. */
    private NativeLibrary inFile(Path folder) {
        String fault = Folders.fault(folder);
        if (fault != null) {
            faults.add(fault);
            return null;
        }
        Path own = null;
        try {
            Files.createDirectories(folder);
            own = Files.createTempDirectory(folder, "libmachineid");
            return opened(own.resolve(Natives.SONAME), folder.toString());
        } catch (IOException refused) {
            faults.add(folder + " cannot be written to");
            return null;
        } finally {
            removed(own);
        }
    }

    private NativeLibrary opened(Path file, String place) {
        try (InputStream library = Loader.class.getResourceAsStream(resource)) {
            try (var copy = Files.newOutputStream(file)) {
                library.transferTo(copy);
            }
            return NativeLibrary.getInstance(file.toString());
        } catch (IOException refused) {
            faults.add(place + " cannot be written to");
        } catch (UnsatisfiedLinkError refused) {
            faults.add(place + ": " + reason(refused).replace(file + ": ", ""));
        }
        return null;
    }

    private static void removed(Path folder) {
        try {
            if (folder != null) {
                Files.deleteIfExists(folder.resolve(Natives.SONAME));
                Files.deleteIfExists(folder);
            }
        } catch (IOException left) {
            folder.toFile().deleteOnExit();
        }
    }

    /** Returns what the system's loader said: JNA puts a line before it, and others after it. */
    private static String reason(UnsatisfiedLinkError error) {
        String message = String.valueOf(error.getMessage());
        return message.lines().skip(1).findFirst().orElse(message);
    }
}
