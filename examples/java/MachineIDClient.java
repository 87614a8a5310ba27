import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.ToIntBiFunction;

/**
 * The client of the MachineID authority: a connection on behalf of one organisation. Needs libmachineid, JNA and Gson.
 *
 * <pre>{@code
 * try (MachineIDClient client = MachineIDClient.fromEnv(null)) {
 *     client.register("agent-01");
 *     if (client.isAllowed("agent-01")) work();
 * }
 * }</pre>
 *
 * <p>A {@link Decision} cannot be used as a condition and is never null: do not compare it with null. {@link #require}
 * throws unless the device is allowed. In tests use machineid-emulator rather than a mock that allows.
 *
 * <p>A call blocks its thread until there is an answer or {@code timeout_ms} has passed; {@link #cancel} ends it,
 * {@link Thread#interrupt} does not. Any number of threads may share a client, and any of them may close it at any
 * moment.
 */
public final class MachineIDClient implements AutoCloseable {
    public static final int OK = 0;

    /**
     * The result of {@link #validate}. Gate on {@code allowed} and nothing else; log statusName, code and requestId.
     * With any status except OK the authority decided nothing, and nothing is allowed.
     */
    public record Decision(
            boolean allowed, int status, String statusName, String code, String requestId, JsonObject reply) {}

    /**
     * The authority refused, or it gave no answer. {@link #require} also throws this for a denial; the status is then
     * OK, because the authority decided.
     */
    public static final class MachineIDException extends RuntimeException {
        private static final long serialVersionUID = 1;
        public final int status;
        public final String statusName;
        public final String code;
        /** For your log, and for support; null when the authority was not reached. */
        public final String requestId;
        /** The reply. It is transient, because Java cannot serialise a JsonObject. */
        public final transient JsonObject reply;

        MachineIDException(int status, JsonObject reply) {
            super(textOf(status, reply));
            this.status = status;
            this.statusName = LIBRARY.mid_status_name(status);
            this.code = codeOf(reply);
            this.requestId = text(reply, "request_id");
            this.reply = reply;
        }

        private static String textOf(int status, JsonObject reply) {
            String why = status == OK
                    ? "not allowed: " + codeOf(reply)
                    : LIBRARY.mid_status_name(status) + " " + codeOf(reply) + ": " + text(reply, "message");
            String requestId = text(reply, "request_id");
            return requestId == null ? why : why + " (request id " + requestId + ")";
        }
    }

    /**
     * The functions of machineid.h. A json result is a Pointer: JNA would copy a String, and the pointer to free would
     * be lost.
     */
    private interface MachineIDLibrary extends Library {
        String mid_version();
        String mid_status_name(int status);
        int mid_client_new(String orgKey, String options, PointerByReference client, PointerByReference json);
        int mid_client_from_env(String options, PointerByReference client, PointerByReference json);
        void mid_client_cancel(Pointer client);
        void mid_client_free(Pointer client);
        int mid_register(Pointer client, String deviceId, PointerByReference json);
        int mid_validate(Pointer client, String deviceId, IntByReference allowed, PointerByReference json);
        int mid_list_devices(Pointer client, PointerByReference json);
        int mid_revoke(Pointer client, String deviceId, PointerByReference json);
        int mid_unrevoke(Pointer client, String deviceId, PointerByReference json);
        int mid_restore(Pointer client, String deviceId, PointerByReference json);
        int mid_remove(Pointer client, String deviceId, PointerByReference json);
        int mid_usage(Pointer client, PointerByReference json);
        void mid_free(Pointer json);
    }

    private interface OnDevice {
        int call(Pointer client, String deviceId, PointerByReference json);
    }

    private static final MachineIDLibrary LIBRARY = Native.load("libmachineid.so.0", MachineIDLibrary.class,
            Map.of(Library.OPTION_STRING_ENCODING, StandardCharsets.UTF_8.name()));

    private Pointer client;
    /** Calls hold this for reading, so that close() does not free the client while they use it. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    private MachineIDClient(Pointer client) {
        this.client = client;
    }

    /** The version of the loaded library. */
    public static String version() {
        return LIBRARY.mid_version();
    }

    /** @param options the options that machineid.h lists, such as {@code {"timeout_ms":2000}}; null for the defaults */
    public static MachineIDClient open(String orgKey, JsonObject options) {
        PointerByReference client = new PointerByReference(), json = new PointerByReference();
        result(LIBRARY.mid_client_new(checked("orgKey", orgKey), textOf(options), client, json), json);
        return new MachineIDClient(client.getValue());
    }

    /** Takes the org key from the environment variable MACHINEID_ORG_KEY. */
    public static MachineIDClient fromEnv(JsonObject options) {
        PointerByReference client = new PointerByReference(), json = new PointerByReference();
        result(LIBRARY.mid_client_from_env(textOf(options), client, json), json);
        return new MachineIDClient(client.getValue());
    }

    /** Ends every call in progress and every later call on this client with MID_CANCELLED. Any thread may call this. */
    public void cancel() {
        lock.readLock().lock();
        try {
            LIBRARY.mid_client_cancel(client);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Cancels the calls in progress, waits for them, and frees the client. */
    @Override
    public void close() {
        cancel();
        lock.writeLock().lock();
        try {
            LIBRARY.mid_client_free(client);
            client = null;
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** May this device run now? If anything goes wrong, the decision says so. */
    public Decision validate(String deviceId) {
        return use(client -> {
            IntByReference allowed = new IntByReference();
            PointerByReference json = new PointerByReference();
            int status = LIBRARY.mid_validate(client, checked("deviceId", deviceId), allowed, json);
            JsonObject reply = take(json);
            return new Decision(allowed.getValue() == 1, status, LIBRARY.mid_status_name(status), codeOf(reply),
                    text(reply, "request_id"), reply);
        });
    }

    /** May this device run now? False if anything goes wrong. */
    public boolean isAllowed(String deviceId) {
        return validate(deviceId).allowed();
    }

    /**
     * Returns the decision when the device may run now.
     *
     * @throws MachineIDException otherwise, with the code and the request id for your log
     */
    public Decision require(String deviceId) {
        Decision decision = validate(deviceId);
        if (!decision.allowed()) throw new MachineIDException(decision.status(), decision.reply());
        return decision;
    }

    public JsonObject register(String deviceId) {
        return onDevice(LIBRARY::mid_register, deviceId);
    }

    public JsonObject revoke(String deviceId) {
        return onDevice(LIBRARY::mid_revoke, deviceId);
    }

    public JsonObject unrevoke(String deviceId) {
        return onDevice(LIBRARY::mid_unrevoke, deviceId);
    }

    /** The same as {@link #unrevoke}. */
    public JsonObject restore(String deviceId) {
        return onDevice(LIBRARY::mid_restore, deviceId);
    }

    public JsonObject remove(String deviceId) {
        return onDevice(LIBRARY::mid_remove, deviceId);
    }

    public JsonObject listDevices() {
        return onClient(LIBRARY::mid_list_devices);
    }

    public JsonObject usage() {
        return onClient(LIBRARY::mid_usage);
    }

    private JsonObject onDevice(OnDevice operation, String deviceId) {
        return use(client -> {
            PointerByReference json = new PointerByReference();
            return result(operation.call(client, checked("deviceId", deviceId), json), json);
        });
    }

    private JsonObject onClient(ToIntBiFunction<Pointer, PointerByReference> operation) {
        return use(client -> {
            PointerByReference json = new PointerByReference();
            return result(operation.applyAsInt(client, json), json);
        });
    }

    private <T> T use(Function<Pointer, T> call) {
        lock.readLock().lock();
        try {
            if (client == null) throw new IllegalStateException("the client is closed");
            return call.apply(client);
        } finally {
            lock.readLock().unlock();
        }
    }

    private static JsonObject result(int status, PointerByReference json) {
        JsonObject reply = take(json);
        if (status != OK) throw new MachineIDException(status, reply);
        return reply;
    }

    /**
     * Parses and frees a text of the library's. The answer is the library's flag and not this text, so a reply that
     * Gson cannot parse becomes an empty one.
     */
    private static JsonObject take(PointerByReference json) {
        Pointer text = json.getValue();
        if (text == null) return new JsonObject();
        try {
            return JsonParser.parseString(text.getString(0, "UTF-8")).getAsJsonObject();
        } catch (JsonParseException unreadable) {
            return new JsonObject();
        } finally {
            LIBRARY.mid_free(text);
        }
    }

    private static String text(JsonObject reply, String key) {
        JsonElement value = reply.get(key);
        return value != null && value.isJsonPrimitive() ? value.getAsString() : null;
    }

    /** An API error from the authority has "error" where a decision has "code". */
    private static String codeOf(JsonObject reply) {
        return text(reply, reply.has("code") ? "code" : "error");
    }

    private static String textOf(JsonObject options) {
        return options == null ? null : checked("options", options.toString());
    }

    /**
     * Checks a text for the library. A NUL would cut it short, and half of a surrogate pair would become a question
     * mark, so that the call would concern another device.
     */
    private static String checked(String name, String text) {
        Objects.requireNonNull(text, name + " must not be null");
        if (text.indexOf('\0') >= 0 || !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException(name + " must be a string without NUL and lone surrogates");
        }
        return text;
    }
}
