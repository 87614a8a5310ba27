package io.machineid;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Folders for a library that has to be a file: those that can be written to, and that programs may be loaded from. */
final class Folders {
    private Folders() {}

    /** Returns the folders that are tried, the best one first. */
    static List<Path> candidates() {
        List<Path> folders = new ArrayList<>();
        folders.add(cache());
        folders.add(Path.of(System.getProperty("java.io.tmpdir", "/tmp")));
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        if (runtime != null && !runtime.isBlank()) {
            folders.add(Path.of(runtime));
        }
        folders.add(Path.of("/var/tmp"));
        folders.add(Path.of("/dev/shm"));
        return folders;
    }

    /** Returns the user's folder for caches. */
    static Path cache() {
        String cache = System.getenv("XDG_CACHE_HOME");
        return cache == null || cache.isBlank() ? Path.of(System.getProperty("user.home", "/"), ".cache")
                : Path.of(cache);
    }

    /** Returns what is wrong with a folder, null where nothing is known to be. */
    static String fault(Path folder) {
        try {
            Path there = existing(folder);
            if (!Files.isDirectory(there) || !Files.isWritable(there)) {
                return folder + " cannot be written to";
            }
            return isNoexec(there.toRealPath(), mounts()) ? folder + " is mounted noexec" : null;
        } catch (IOException unknown) {
            return null;
        }
    }

    /** Returns the folder, or the nearest one above it that exists. */
    private static Path existing(Path folder) {
        Path there = folder.toAbsolutePath().normalize();
        while (!Files.exists(there) && there.getParent() != null) {
            there = there.getParent();
        }
        return there;
    }

    private static List<String> mounts() {
        try {
            return Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1);
        } catch (IOException noProc) {
            return Collections.emptyList();
        }
    }

    /**
     * Whether no program may be loaded from a folder. The lines are those of /proc/self/mountinfo, where a later mount
     * hides an earlier one.
     */
    static boolean isNoexec(Path folder, List<String> mounts) {
        Path deepest = Path.of("/");
        boolean isNoexec = false;
        for (String line : mounts) {
            String[] fields = line.split(" ");
            if (fields.length < 6) {
                continue;
            }
            Path point = Path.of(unescaped(fields[4]));
            if (folder.startsWith(point) && point.startsWith(deepest)) {
                deepest = point;
                isNoexec = List.of(fields[5].split(",")).contains("noexec");
            }
        }
        return isNoexec;
    }

    /** The kernel writes white space and backslashes as three octal digits. The lines were read byte by byte. */
    private static String unescaped(String field) {
        StringBuilder plain = new StringBuilder();
        for (int at = 0; at < field.length(); at++) {
            if (field.charAt(at) == '\\' && at + 3 < field.length()) {
                plain.append((char) Integer.parseInt(field.substring(at + 1, at + 4), 8));
                at += 3;
            } else {
                plain.append(field.charAt(at));
            }
        }
        return new String(plain.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
