package io.machineid;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes a client. What is not given is the library's default, which is the number or text in brackets; the library
 * checks the options in {@link #build()}. {@link Client#builder(String)} and {@link Client#builder()} give builders.
 */
public final class ClientBuilder {
    private final byte[] orgKey;
    private final Map<String, Object> given = new LinkedHashMap<>();

    /** The key is null where it comes from the environment. */
    ClientBuilder(String orgKey) {
        this.orgKey = orgKey == null ? null : Texts.cString("orgKey", orgKey);
    }

    private ClientBuilder with(String name, String parameter, String value) {
        given.put(name, Texts.checked(parameter, value));
        return this;
    }

    private ClientBuilder with(String name, long value) {
        given.put(name, value);
        return this;
    }

    /**
     * Sets the authority (https://machineid.io).
     *
     * @param url https, or http to loopback; without user, query and fragment
     * @return this builder
     */
    public ClientBuilder baseUrl(String url) {
        return with("base_url", "url", url);
    }

    /**
     * Sets the time for one call, everything included (10000).
     *
     * @param milliseconds 1 to 3600000
     * @return this builder
     */
    public ClientBuilder timeoutMs(long milliseconds) {
        return with("timeout_ms", milliseconds);
    }

    /**
     * Sets the time for name, TCP, proxy and TLS of one attempt (3000).
     *
     * @param milliseconds 1 to 3600000
     * @return this builder
     */
    public ClientBuilder connectTimeoutMs(long milliseconds) {
        return with("connect_timeout_ms", milliseconds);
    }

    /**
     * Sets how many further attempts follow a transport failure or an outage (2). None follows an answer.
     *
     * @param count 0 to 10
     * @return this builder
     */
    public ClientBuilder maxRetries(int count) {
        return with("max_retries", count);
    }

    /**
     * Sets the file of the only certificate authorities to trust (that of the environment or the system).
     *
     * @param file a PEM file
     * @return this builder
     */
    public ClientBuilder caFile(Path file) {
        return with("ca_file", "file", file.toString());
    }

    /**
     * Sets the folders of the only certificate authorities to trust (those of the environment).
     *
     * @param folders folders, joined by ":"
     * @return this builder
     */
    public ClientBuilder caPath(String folders) {
        return with("ca_path", "folders", folders);
    }

    /**
     * Sets the only server keys to accept (any).
     *
     * @param keys sha256//BASE64, joined by ";"
     * @return this builder
     */
    public ClientBuilder pinnedPublicKey(String keys) {
        return with("pinned_public_key", "keys", keys);
    }

    /**
     * Sets the proxy (that of the environment).
     *
     * @param url an http, https, socks4, socks4a, socks5 or socks5h URL; "" for none
     * @return this builder
     */
    public ClientBuilder proxy(String url) {
        return with("proxy", "url", url);
    }

    /**
     * Sets the hosts that are reached without a proxy (those of the environment).
     *
     * @param hosts names, with those below them, addresses and IPv4 networks, joined by ","; or "*"
     * @return this builder
     */
    public ClientBuilder noProxy(String hosts) {
        return with("no_proxy", "hosts", hosts);
    }

    /**
     * Sets the name that the client tells (libmachineid/VERSION).
     *
     * @param name 1 to 256 bytes of printable ASCII, not blank
     * @return this builder
     */
    public ClientBuilder userAgent(String name) {
        return with("user_agent", "name", name);
    }

    /**
     * Sets how many connections there are at most (64). More calls at once wait their turn.
     *
     * @param count 1 to 256
     * @return this builder
     */
    public ClientBuilder maxConnections(int count) {
        return with("max_connections", count);
    }

    /**
     * Sets how old a connection may be for another request (300000).
     *
     * @param milliseconds 1000 to 86400000
     * @return this builder
     */
    public ClientBuilder maxConnectionAgeMs(long milliseconds) {
        return with("max_connection_age_ms", milliseconds);
    }

    /**
     * Sets another variable to read the org key from (MACHINEID_ORG_KEY), and then no file. Only a client whose key
     * comes from the environment takes it.
     *
     * @param variable the variable's name
     * @return this builder
     */
    public ClientBuilder envVar(String variable) {
        return with("env_var", "variable", variable);
    }

    /**
     * Makes the client. Nothing is sent before its first call. With no key of its own it reads MACHINEID_ORG_KEY, or
     * the file that MACHINEID_ORG_KEY_FILE names, and MACHINEID_BASE_URL stands in for {@link #baseUrl}.
     *
     * @return a client, to be closed
     * @throws MachineIDException where the key or an option cannot be used; the message names it
     * @throws UnsatisfiedLinkError where the library cannot be loaded; the message says what to do
     */
    public Client build() {
        Natives.load();
        byte[] options = Texts.cString("options", Json.written(given));
        long[] client = new long[1];
        long[] json = new long[1];
        Texts.result(orgKey == null ? Mid.mid_client_from_env(options, client, json)
                : Mid.mid_client_new(orgKey, options, client, json), json);
        return new Client(client[0], (Long) given.getOrDefault("max_connections", Client.MAX_CONNECTIONS));
    }

    /** Returns nothing of what it was given, because that may be the org key, or a proxy with its password. */
    @Override
    public String toString() {
        return "ClientBuilder";
    }
}
