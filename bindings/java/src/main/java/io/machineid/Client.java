package io.machineid;

import java.lang.ref.Cleaner;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * A connection to the authority for one organisation.
 *
 * <pre>{@code
 * try (Client client = Client.fromEnv()) {
 *     client.register("agent-01");
 *     if (client.isAllowed("agent-01")) {
 *         work();
 *     }
 * }
 * }</pre>
 *
 * <p>Make one for the whole process: any number of threads may use it at once, and any of them may close it at any
 * moment. A call blocks its thread until there is an answer or the client's timeout has passed; {@link #cancel()} ends
 * it, {@link Thread#interrupt()} does not. {@link #async()} has the same calls as futures. Null, a NUL or half of a
 * surrogate pair in an argument, and a closed client, are Java's own exceptions.
 */
public final class Client implements AutoCloseable {
    static final Cleaner CLEANER = Cleaner.create();
    /** The library's default. */
    static final long MAX_CONNECTIONS = 64;

    private final Calls calls;
    private final Cleaner.Cleanable cleanable;
    private final AsyncClient async;

    Client(long address, long maxConnections) {
        Handle handle = new Handle(address, Mid::mid_client_free);
        calls = new Calls(handle, this);
        cleanable = CLEANER.register(this, handle::close);
        async = new AsyncClient(this, Threads.forCalls((int) maxConnections));
    }

    /**
     * Makes a client with the org key in the environment variable MACHINEID_ORG_KEY, or in the file that
     * MACHINEID_ORG_KEY_FILE names. MACHINEID_BASE_URL names another authority.
     *
     * @return a client, to be closed
     * @throws MachineIDException with {@link Status#NO_ORG_KEY} where there is no key, and others as
     *     {@link ClientBuilder#build()}
     */
    public static Client fromEnv() {
        return builder().build();
    }

    /**
     * Begins to make a client whose org key comes from the environment, as {@link #fromEnv()} does.
     *
     * @return a builder
     */
    public static ClientBuilder builder() {
        return new ClientBuilder(null);
    }

    /**
     * Begins to make a client.
     *
     * @param orgKey the org key, "org_..."; white space around it is trimmed
     * @return a builder
     */
    public static ClientBuilder builder(String orgKey) {
        return new ClientBuilder(Objects.requireNonNull(orgKey, "orgKey must not be null"));
    }

    /**
     * Returns the version of the library.
     *
     * @return such as "0.1.0"
     */
    public static String version() {
        Natives.load();
        return Texts.staticText(Mid.mid_version());
    }

    /**
     * Tells what the library is, and which libraries it works with.
     *
     * @return the object that mid_build_info() of {@code machineid.h} gives
     */
    public static Reply buildInfo() {
        Natives.load();
        return new Reply(Texts.staticText(Mid.mid_build_info()));
    }

    // ---- Decisions

    /**
     * May this device run now?
     *
     * @param deviceId 1 to 512 bytes of UTF-8; "service:env:role:instance" is recommended
     * @return true only after a complete, verified answer that says so; false if anything goes wrong
     */
    public boolean isAllowed(String deviceId) {
        return validate(deviceId).isAllowed();
    }

    /**
     * May this device run now? Where there is no answer, the decision says why.
     *
     * @param deviceId as {@link #isAllowed}
     * @return the decision
     */
    public Decision validate(String deviceId) {
        return calls.validate(deviceId);
    }

    /**
     * Returns the decision when the device may run now, and throws otherwise.
     *
     * @param deviceId as {@link #isAllowed}
     * @return the decision
     * @throws DeniedException after a denial, with the code and the request id for your log
     * @throws MachineIDException where there is no decision
     */
    public Decision require(String deviceId) {
        Decision decision = validate(deviceId);
        if (!decision.isAllowed()) {
            throw decision.error();
        }
        return decision;
    }

    /**
     * May each of these devices run now? They are asked about together, within one timeout for all, and one that gets
     * no answer is denied by itself.
     *
     * @param deviceIds any number of device ids
     * @return a decision for each, in order
     */
    public Decisions validateMany(Collection<String> deviceIds) {
        return calls.validateMany(deviceIds);
    }

    /**
     * Starts a guard with the library's defaults: it asks every 5 seconds.
     *
     * @param deviceId as {@link #isAllowed}
     * @return a guard, to be closed; after a denial one that is denied
     * @throws MachineIDException where there is no answer
     */
    public Guard guard(String deviceId) {
        return guard(deviceId, new GuardOptions());
    }

    /**
     * Starts a guard: validates once, in this call, and then in the background.
     *
     * @param deviceId as {@link #isAllowed}
     * @param options how often it asks
     * @return as {@link #guard(String)}
     */
    public Guard guard(String deviceId, GuardOptions options) {
        byte[] text = Objects.requireNonNull(options, "options must not be null").text();
        return new Guard(this, deviceId, calls.guard(deviceId, text));
    }

    // ---- What an operator does

    /**
     * Registers a device with the organisation. Registering again changes nothing and restores no revoked device.
     *
     * @param deviceId as {@link #isAllowed}
     * @return the authority's reply, with a "status"
     * @throws RefusedException over the plan's limit, with the code "device_limit_reached"
     * @throws MachineIDException where there is no answer, as all operations
     */
    public Reply register(String deviceId) {
        return calls.ask(Mid::mid_register, deviceId);
    }

    /**
     * Revokes a device: from now on it is denied.
     *
     * @param deviceId as {@link #isAllowed}
     * @return the authority's reply
     */
    public Reply revoke(String deviceId) {
        return calls.ask(Mid::mid_revoke, deviceId);
    }

    /**
     * Takes a revocation back.
     *
     * @param deviceId as {@link #isAllowed}
     * @return the authority's reply
     */
    public Reply unrevoke(String deviceId) {
        return calls.ask(Mid::mid_unrevoke, deviceId);
    }

    /**
     * The same as {@link #unrevoke}, as the vendor's SDKs also call it.
     *
     * @param deviceId as {@link #isAllowed}
     * @return the authority's reply
     */
    public Reply restore(String deviceId) {
        return calls.ask(Mid::mid_restore, deviceId);
    }

    /**
     * Removes a device for good.
     *
     * @param deviceId as {@link #isAllowed}
     * @return the authority's reply
     */
    public Reply remove(String deviceId) {
        return calls.ask(Mid::mid_remove, deviceId);
    }

    /**
     * Lists the organisation's devices, active and revoked.
     *
     * @return the authority's reply, with "devices"
     */
    public Reply listDevices() {
        return calls.ask(Mid::mid_list_devices);
    }

    /**
     * Tells the organisation's plan: tier, state, limit, devices used.
     *
     * @return the authority's reply
     */
    public Reply usage() {
        return calls.ask(Mid::mid_usage);
    }

    /**
     * Tells what the client has done so far: counters for a monitoring system. It asks nobody and does not block.
     *
     * @return the object that mid_client_stats() of {@code machineid.h} gives
     */
    public Reply stats() {
        return calls.ask(Mid::mid_client_stats);
    }

    // ---- The life of a client

    /**
     * Returns the same calls as futures, in daemon threads of the client's own, as many as it may have connections.
     *
     * @return a view of this client, which need not be closed
     */
    public AsyncClient async() {
        return async;
    }

    /**
     * Returns the same calls as futures.
     *
     * @param executor where the calls block
     * @return a view of this client, which need not be closed
     */
    public AsyncClient async(Executor executor) {
        return new AsyncClient(this, Objects.requireNonNull(executor, "executor must not be null"));
    }

    /**
     * Ends the client's guards and, with {@link Status#CANCELLED}, its calls in flight and to come. It returns at once.
     * Any thread may call it; on a closed client it does nothing.
     */
    public void cancel() {
        calls.cancel();
    }

    /**
     * Ends the client's guards and its calls in flight, as {@link #cancel()} does, and frees it when the last of them
     * has returned. Any thread may call it, any number of times. A call on a closed client is an
     * {@link IllegalStateException}.
     */
    @Override
    public void close() {
        calls.cancel();
        cleanable.clean();
    }

    /** Returns whether it is open. The org key is not in it. */
    @Override
    public String toString() {
        return calls.isClosed() ? "Client, closed" : "Client, open";
    }
}
