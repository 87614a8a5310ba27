package io.machineid;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The calls of a client as futures. {@link Client#async()} gives it.
 *
 * <pre>{@code
 * client.async().require("agent-01").thenRun(() -> work());
 * }</pre>
 *
 * <p>A future is no condition: {@code if (client.async().validate(id))} does not compile. That of {@link #require}
 * fails unless the device is allowed, so whatever follows on it is right. That of {@link #validate} is completed by a
 * denial too: use {@code thenAccept}, and look at {@link Decision#isAllowed()}.
 *
 * <p>A call that waits takes a thread of the executor. Cancelling a future gives the answer up, and does not take back
 * what was asked; {@link Client#cancel()} ends all calls. Arguments that cannot be passed on are thrown at once.
 */
public final class AsyncClient {
    private final Client client;
    private final Executor executor;

    AsyncClient(Client client, Executor executor) {
        this.client = client;
        this.executor = executor;
    }

    /**
     * As {@link Client#require}.
     *
     * @param deviceId as there
     * @return a future with the decision of a device that is allowed; otherwise it fails
     */
    public CompletableFuture<Decision> require(String deviceId) {
        return on(deviceId, client::require);
    }

    /**
     * As {@link Client#validate}.
     *
     * @param deviceId as there
     * @return a future with the decision, which may be a denial
     */
    public CompletableFuture<Decision> validate(String deviceId) {
        return on(deviceId, client::validate);
    }

    /**
     * As {@link Client#validateMany}.
     *
     * @param deviceIds as there
     * @return a future with a decision for each
     */
    public CompletableFuture<Decisions> validateMany(Collection<String> deviceIds) {
        List<String> ids = new ArrayList<>(Objects.requireNonNull(deviceIds, "deviceIds must not be null"));
        for (int index = 0; index < ids.size(); index++) {
            Texts.checked("deviceIds[" + index + "]", ids.get(index));
        }
        return call(() -> client.validateMany(ids), unused -> {});
    }

    /**
     * As {@link Client#guard(String)}.
     *
     * @param deviceId as there
     * @return a future with the guard
     */
    public CompletableFuture<Guard> guard(String deviceId) {
        return guard(deviceId, new GuardOptions());
    }

    /**
     * As {@link Client#guard(String, GuardOptions)}.
     *
     * @param deviceId as there
     * @param options as there
     * @return a future with the guard; one that comes after the future was cancelled is closed
     */
    public CompletableFuture<Guard> guard(String deviceId, GuardOptions options) {
        Texts.checked("deviceId", deviceId);
        Objects.requireNonNull(options, "options must not be null");
        return call(() -> client.guard(deviceId, options), Guard::close);
    }

    /**
     * As {@link Client#register}.
     *
     * @param deviceId as there
     * @return a future with the reply
     */
    public CompletableFuture<Reply> register(String deviceId) {
        return on(deviceId, client::register);
    }

    /**
     * As {@link Client#revoke}.
     *
     * @param deviceId as there
     * @return a future with the reply
     */
    public CompletableFuture<Reply> revoke(String deviceId) {
        return on(deviceId, client::revoke);
    }

    /**
     * As {@link Client#unrevoke}.
     *
     * @param deviceId as there
     * @return a future with the reply
     */
    public CompletableFuture<Reply> unrevoke(String deviceId) {
        return on(deviceId, client::unrevoke);
    }

    /**
     * As {@link Client#restore}.
     *
     * @param deviceId as there
     * @return a future with the reply
     */
    public CompletableFuture<Reply> restore(String deviceId) {
        return on(deviceId, client::restore);
    }

    /**
     * As {@link Client#remove}.
     *
     * @param deviceId as there
     * @return a future with the reply
     */
    public CompletableFuture<Reply> remove(String deviceId) {
        return on(deviceId, client::remove);
    }

    /**
     * As {@link Client#listDevices}.
     *
     * @return a future with the reply
     */
    public CompletableFuture<Reply> listDevices() {
        return call(client::listDevices, unused -> {});
    }

    /**
     * As {@link Client#usage}.
     *
     * @return a future with the reply
     */
    public CompletableFuture<Reply> usage() {
        return call(client::usage, unused -> {});
    }

    private interface OnDevice<T> {
        T call(String deviceId);
    }

    private <T> CompletableFuture<T> on(String deviceId, OnDevice<T> operation) {
        Texts.checked("deviceId", deviceId);
        return call(() -> operation.call(deviceId), unused -> {});
    }

    /** Makes a call in another thread. A result that nobody takes any longer goes to {@code unwanted}. */
    private <T> CompletableFuture<T> call(Supplier<T> call, Consumer<T> unwanted) {
        CompletableFuture<T> future = new CompletableFuture<>();
        try {
            executor.execute(() -> {
                if (future.isDone()) {
                    return;
                }
                try {
                    T result = call.get();
                    if (!future.complete(result)) {
                        unwanted.accept(result);
                    }
                } catch (Throwable failure) {
                    future.completeExceptionally(failure);
                }
            });
        } catch (RejectedExecutionException | OutOfMemoryError noThread) {
            future.completeExceptionally(noThread);
        }
        return future;
    }
}
