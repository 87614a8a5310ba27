namespace MachineID
{
    /// <summary>How a client works. The options are those of machineid.h; what is not set has the library's
    /// default.</summary>
    public sealed class ClientOptions
    {
        /// <summary>The authority; https, or http to loopback (https://machineid.io).</summary>
        public string BaseUrl { get; set; }

        /// <summary>For one call, everything included: 1 to 3600000 (10000).</summary>
        public int? TimeoutMs { get; set; }

        /// <summary>For name, TCP, proxy and TLS of one attempt: 1 to 3600000 (3000).</summary>
        public int? ConnectTimeoutMs { get; set; }

        /// <summary>Further attempts after a transport failure or an outage: 0 to 10 (2).</summary>
        public int? MaxRetries { get; set; }

        /// <summary>A PEM file of the only certificate authorities to trust (the system's).</summary>
        public string CaFile { get; set; }

        /// <summary>Directories of the only certificate authorities to trust, joined by ":".</summary>
        public string CaPath { get; set; }

        /// <summary>The only server keys to accept, sha256//BASE64, joined by ";".</summary>
        public string PinnedPublicKey { get; set; }

        /// <summary>A proxy's URL, http, https, socks4, socks4a, socks5 or socks5h; "" for none (the
        /// environment's).</summary>
        public string Proxy { get; set; }

        /// <summary>Hosts that are reached without a proxy, joined by ","; or "*".</summary>
        public string NoProxy { get; set; }

        /// <summary>1 to 256 bytes of printable ASCII (libmachineid/VERSION).</summary>
        public string UserAgent { get; set; }

        /// <summary>How many calls at once, 1 to 256 (64). More wait their turn, async ones without a
        /// thread.</summary>
        public int? MaxConnections { get; set; }

        /// <summary>An older connection takes no further request: 1000 to 86400000 (300000).</summary>
        public int? MaxConnectionAgeMs { get; set; }

        /// <summary>Another environment variable to read the org key from, and then no file. For
        /// <see cref="Client.FromEnvironment"/> only.</summary>
        public string EnvVar { get; set; }

        internal string Json => new JsonWriter()
            .Add("base_url", BaseUrl)
            .Add("timeout_ms", TimeoutMs)
            .Add("connect_timeout_ms", ConnectTimeoutMs)
            .Add("max_retries", MaxRetries)
            .Add("ca_file", CaFile)
            .Add("ca_path", CaPath)
            .Add("pinned_public_key", PinnedPublicKey)
            .Add("proxy", Proxy)
            .Add("no_proxy", NoProxy)
            .Add("user_agent", UserAgent)
            .Add("max_connections", MaxConnections)
            .Add("max_connection_age_ms", MaxConnectionAgeMs)
            .Add("env_var", EnvVar)
            .ToString();

        internal ClientOptions WithBaseUrl(string url)
        {
            var copy = (ClientOptions)MemberwiseClone();
            copy.BaseUrl = url;
            return copy;
        }
    }

    /// <summary>How a guard works. What is not set has the library's default.</summary>
    public sealed class GuardOptions
    {
        /// <summary>From one check to the next, a tenth more or less: 20 to 3600000 (5000).</summary>
        public int? IntervalMs { get; set; }

        /// <summary>How old an allow may be: 40 to 2147483647, 2 to 1000 intervals (3 intervals).</summary>
        public int? MaxAgeMs { get; set; }

        internal string Json =>
            new JsonWriter().Add("interval_ms", IntervalMs).Add("max_age_ms", MaxAgeMs).ToString();
    }
}
