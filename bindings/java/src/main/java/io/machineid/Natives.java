package io.machineid;

/** Loads the library, once for the process, when the first client is made. */
final class Natives {
    static final String SONAME = "libmachineid.so.0";
    /** The property that names a library to load instead of the one in the jar. */
    static final String LIBRARY = "machineid.library";
    /** The property that names the folder for the library's file. */
    static final String FOLDER = "machineid.tmpdir";

    private static boolean isLoaded;
    private static String failure;

    private Natives() {}

    /**
     * Loads the library unless it is loaded.
     *
     * @throws UnsatisfiedLinkError where that is not possible, each time with the same sentence
     */
    static synchronized void load() {
        if (!isLoaded && failure == null) {
            try {
                if (System.getProperty(LIBRARY) == null) {
                    Platform.check();
                }
                Jna.prepare();
                Loader.bind();
                isLoaded = true;
            } catch (LinkageError error) {
                failure = error.getMessage();
            }
        }
        if (failure != null) {
            throw new UnsatisfiedLinkError(failure);
        }
    }
}
