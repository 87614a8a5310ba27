package io.machineid.testing;

import io.machineid.Client;
import io.machineid.ClientBuilder;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * An emulator of the authority, which runs until it is closed:
 *
 * <pre>{@code
 * try (Emulator authority = Emulator.start(); Client client = authority.client()) {
 *     authority.register("agent-01");
 *     authority.revoke("agent-01");
 *     assertFalse(client.isAllowed("agent-01"));
 * }
 * }</pre>
 *
 * <p>The program is that in the environment variable MACHINEID_EMULATOR, or else machineid-emulator on PATH. The Debian
 * package machineid-emulator has it.
 */
public final class Emulator implements AutoCloseable {
    private static final String ORG_KEY = "org_tests";
    private static final String LISTENING = "listening on ";
    private static final int PATIENCE_S = 30;

    private final Process process;
    private final BufferedReader output;
    private final String url;

    private Emulator(Process process) {
        this.process = process;
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        url = firstLine().substring(LISTENING.length());
    }

    /**
     * Starts an emulator with the plan "pro".
     *
     * @return the emulator, to be closed
     * @throws IllegalStateException where the program is missing or does not start
     */
    public static Emulator start() {
        return start("pro");
    }

    /**
     * Starts an emulator.
     *
     * @param plan the plan's tier, such as "free", which has three devices
     * @return the emulator, to be closed
     * @throws IllegalStateException where the program is missing or does not start
     */
    public static Emulator start(String plan) {
        String named = System.getenv("MACHINEID_EMULATOR");
        String program = named == null || named.isBlank() ? "machineid-emulator" : named;
        try {
            String[] command = {program, "--port", "0", "--plan", plan, "--org-key", ORG_KEY, "--quiet"};
            return new Emulator(new ProcessBuilder(command).redirectInput(new File("/dev/null"))
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start());
        } catch (IOException missing) {
            throw new IllegalStateException("machineid-emulator cannot be started: install the package of this name, "
                    + "or set MACHINEID_EMULATOR to the program", missing);
        }
    }

    private String firstLine() {
        try {
            String line = CompletableFuture.supplyAsync(() -> {
                try {
                    return output.readLine();
                } catch (IOException gone) {
                    throw new UncheckedIOException(gone);
                }
            }).get(PATIENCE_S, TimeUnit.SECONDS);
            if (line != null && line.startsWith(LISTENING)) {
                return line;
            }
            throw new IllegalStateException("it said: " + (line == null ? "nothing" : line));
        } catch (Exception fault) {
            process.destroyForcibly();
            throw new IllegalStateException("machineid-emulator did not start; " + fault.getMessage(), fault);
        }
    }

    /**
     * Returns where it listens.
     *
     * @return its URL
     */
    public String url() {
        return url;
    }

    /**
     * Returns the org key that it knows.
     *
     * @return the key
     */
    public String orgKey() {
        return ORG_KEY;
    }

    /**
     * Returns the environment in which {@link Client#fromEnv()} asks this emulator, for a process to be started.
     *
     * @return the variables
     */
    public Map<String, String> environment() {
        return Map.of("MACHINEID_BASE_URL", url, "MACHINEID_ORG_KEY", ORG_KEY);
    }

    /**
     * Makes a client of this emulator.
     *
     * @return a client, to be closed
     */
    public Client client() {
        return builder().build();
    }

    /**
     * Begins to make a client of this emulator.
     *
     * @return a builder with its URL and key
     */
    public ClientBuilder builder() {
        return Client.builder(ORG_KEY).baseUrl(url);
    }

    // ---- What an operator does

    /**
     * Registers a device.
     *
     * @param deviceId its id, printable ASCII without quotes
     */
    public void register(String deviceId) {
        ask("/api/v1/devices/register", "{\"deviceId\":\"" + deviceId + "\"}");
    }

    /**
     * Revokes a device.
     *
     * @param deviceId its id
     */
    public void revoke(String deviceId) {
        ask("/api/v1/devices/revoke", "{\"deviceId\":\"" + deviceId + "\"}");
    }

    /**
     * Takes a revocation back.
     *
     * @param deviceId its id
     */
    public void unrevoke(String deviceId) {
        ask("/api/v1/devices/unrevoke", "{\"deviceId\":\"" + deviceId + "\"}");
    }

    // ---- What happens to a service

    /**
     * Answers all requests with an HTTP status, until {@link #recover()}.
     *
     * @param httpStatus such as 503
     */
    public void outage(int httpStatus) {
        ask("/emulator/outage", "{\"httpStatus\":" + httpStatus + "}");
    }

    /** Ends an outage. */
    public void recover() {
        ask("/emulator/outage", "{}");
    }

    /** Stops answering without closing anything, until {@link #resume()}: calls time out. */
    public void pause() {
        signal("STOP");
        // The signal is on its way until the system says that all threads have stopped.
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (!isStopped() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    /** Goes on after {@link #pause()}. */
    public void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            new ProcessBuilder("sh", "-c", "kill -$0 $1", name, Long.toString(process.pid())).start().waitFor();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isStopped() {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            return tasks.allMatch(task -> {
                try {
                    return Files.readString(task.resolve("stat")).replaceFirst(".*\\) ", "").startsWith("T");
                } catch (IOException gone) {
                    return true;
                }
            });
        } catch (IOException gone) {
            return true;
        }
    }

    /**
     * Sends a POST to the emulator, such as for "/emulator/plan".
     *
     * @param path the path
     * @param body a JSON object
     * @return its reply
     * @throws IllegalStateException where it refuses
     */
    public String ask(String path, String body) {
        try {
            HttpURLConnection connection = (HttpURLConnection) new URL(url + path).openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout(PATIENCE_S * 1000);
            connection.setReadTimeout(PATIENCE_S * 1000);
            connection.setDoOutput(true);
            connection.setRequestProperty("x-org-key", ORG_KEY);
            connection.setRequestProperty("Content-Type", "application/json");
            connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
            boolean isRefused = connection.getResponseCode() >= 400;
            try (InputStream reply = isRefused ? connection.getErrorStream() : connection.getInputStream()) {
                String said = reply == null ? "" : new String(reply.readAllBytes(), StandardCharsets.UTF_8);
                if (isRefused) {
                    throw new IllegalStateException("the emulator answers " + path + " with HTTP "
                            + connection.getResponseCode() + ": " + said);
                }
                return said;
            }
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /** Ends the emulator: connections are refused. */
    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
