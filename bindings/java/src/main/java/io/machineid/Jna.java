package io.machineid;

import java.nio.file.Path;
import java.util.Optional;

/** Makes JNA load its own library, where its jar brings one. */
final class Jna {
    private static final String FOLDER = "jna.tmpdir";

    private Jna() {}

    /**
     * Makes JNA ready. It unpacks its library into a folder of the user's, or else into java.io.tmpdir. Where no
     * program may be loaded from there, and nobody has chosen another folder, it is told of one meanwhile.
     *
     * @throws UnsatisfiedLinkError where there is no JNA, or where it does not work here, with a sentence
     */
    static void prepare() {
        Optional<Path> better = System.getProperty(FOLDER) == null ? betterFolder() : Optional.empty();
        better.ifPresent(folder -> System.setProperty(FOLDER, folder.toString()));
        try {
            Class.forName("com.sun.jna.Native", true, Jna.class.getClassLoader());
        } catch (ClassNotFoundException missing) {
            throw new UnsatisfiedLinkError("machineid needs JNA, which is not on the class path: add "
                    + "net.java.dev.jna:jna");
        } catch (VirtualMachineError fatal) {
            throw fatal;
        } catch (Error refused) {
            throw new UnsatisfiedLinkError("JNA cannot load its own library here: " + refused.getMessage()
                    + "; name a folder that can be written to and is not mounted noexec, with -Djna.tmpdir=FOLDER, or "
                    + "one that has libjnidispatch.so, with -Djna.boot.library.path=FOLDER");
        } finally {
            better.ifPresent(folder -> System.clearProperty(FOLDER));
        }
    }

    /** Returns a folder for JNA, where the one that it would take is mounted noexec. */
    private static Optional<Path> betterFolder() {
        for (Path folder : Folders.candidates()) {
            String fault = Folders.fault(folder);
            if (fault == null) {
                // JNA makes this folder by itself.
                return folder.equals(Folders.cache()) ? Optional.empty() : Optional.of(folder);
            }
        }
        return Optional.empty();
    }
}
