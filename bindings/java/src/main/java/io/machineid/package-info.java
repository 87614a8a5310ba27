/**
 * The client of the MachineID execution authority: may this device (an agent, a worker, a scheduler) run now? It fails
 * closed: anything but a complete, verified "allowed" is a no.
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
 * <p>{@link io.machineid.Client} makes calls that block, {@link io.machineid.AsyncClient} gives a
 * {@link java.util.concurrent.CompletableFuture} for each, and a {@link io.machineid.Guard} keeps the permission of a
 * device fresh in the background. The jar has the library inside, and loads it through JNA when the first client is
 * made.
 */
package io.machineid;
