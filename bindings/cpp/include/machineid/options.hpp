/// @file options.hpp
/// The options of a client and of a guard, and what callers pass in.
#ifndef MACHINEID_OPTIONS_HPP
#define MACHINEID_OPTIONS_HPP

#include "error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace machineid {

/// Options that are newer than these headers: the name that machineid.h has for each, and its value as JSON, such as
/// `{{"timeout_ms", "2000"}}`.
using more_options = std::vector<std::pair<std::string, std::string>>;

/// The options of a client, by the words of machineid.h, which also has their defaults. In C++20:
/// `client::from_env({.timeout_ms = 2000})`. What is not set has the library's default. The library checks them: what
/// it cannot use is MID_INVALID_OPTIONS, with a message that names the option.
struct options {
    /// The authority: https, or http to loopback.
    std::optional<std::string> base_url{};
    /// For one call, everything included.
    std::optional<std::int64_t> timeout_ms{};
    /// For name, TCP, proxy and TLS of one attempt.
    std::optional<std::int64_t> connect_timeout_ms{};
    /// Further attempts after a transport failure or an outage, never after an answer.
    std::optional<std::int64_t> max_retries{};
    /// A PEM file of the only certificate authorities to trust.
    std::optional<std::string> ca_file{};
    /// Directories of the only certificate authorities to trust, joined by ":".
    std::optional<std::string> ca_path{};
    /// The only server keys to accept, `sha256//BASE64`, joined by ";".
    std::optional<std::string> pinned_public_key{};
    /// An http, https, socks4, socks4a, socks5 or socks5h URL; "" for none.
    std::optional<std::string> proxy{};
    /// Hosts to reach without a proxy, joined by ","; or "*".
    std::optional<std::string> no_proxy{};
    /// What the client calls itself.
    std::optional<std::string> user_agent{};
    /// Connections. More calls at once wait their turn.
    std::optional<std::int64_t> max_connections{};
    /// How old a connection may be for a further request.
    std::optional<std::int64_t> max_connection_age_ms{};
    /// Another variable to read the org key from, for client::from_env() alone.
    std::optional<std::string> env_var{};
    /// Others.
    more_options more{};
};

/// The options of a guard, by the words of machineid.h, which also has their defaults.
struct guard_options {
    /// From one check to the next, a tenth more or less. A revocation is noticed that late.
    std::optional<std::int64_t> interval_ms{};
    /// How old an allow may be. So long the program goes on without the authority.
    std::optional<std::int64_t> max_age_ms{};
    /// Others.
    more_options more{};
};

namespace detail {

/// A JSON object that is being written.
class object {
public:
    void add(const char *name, const std::optional<std::string> &value) {
        if (value) raw(name, json::quoted(*value));
    }
    void add(const char *name, const std::optional<std::int64_t> &value) {
        if (value) raw(name, std::to_string(*value));
    }
    void add(const more_options &more) {
        for (const auto &[name, value] : more) raw(name, value);
    }
    [[nodiscard]] std::string text() const { return text_ + '}'; }

private:
    void raw(std::string_view name, const std::string &value) {
        text_ += text_.size() > 1 ? "," : "";
        text_ += json::quoted(name) + ':' + value;
    }

    std::string text_ = "{";
};

inline std::string text_of(const options &options) {
    object object;
    object.add("base_url", options.base_url);
    object.add("timeout_ms", options.timeout_ms);
    object.add("connect_timeout_ms", options.connect_timeout_ms);
    object.add("max_retries", options.max_retries);
    object.add("ca_file", options.ca_file);
    object.add("ca_path", options.ca_path);
    object.add("pinned_public_key", options.pinned_public_key);
    object.add("proxy", options.proxy);
    object.add("no_proxy", options.no_proxy);
    object.add("user_agent", options.user_agent);
    object.add("max_connections", options.max_connections);
    object.add("max_connection_age_ms", options.max_connection_age_ms);
    object.add("env_var", options.env_var);
    object.add(options.more);
    return object.text();
}

inline std::string text_of(const guard_options &options) {
    object object;
    object.add("interval_ms", options.interval_ms);
    object.add("max_age_ms", options.max_age_ms);
    object.add(options.more);
    return object.text();
}

/// An org key or a device id from the caller. It refers to the caller's text, of which it makes a copy only where that
/// does not end with NUL.
class argument {
public:
    argument(const std::string &text) : data(text.c_str()), has_nul(text.find('\0') != std::string::npos) {}
    argument(std::string_view text) : copy(text), data(copy.c_str()), has_nul(text.find('\0') != text.npos) {}
    argument(const char *text) : data(text) {}
    argument(std::nullptr_t) = delete;
    argument(const argument &) = delete;
    argument &operator=(const argument &) = delete;

    /// The text, for the library. Null where it cannot be passed on: a NUL would cut it short, so that the call would
    /// concern another device.
    [[nodiscard]] const char *c_str() const noexcept { return has_nul ? nullptr : data; }

    /// Why it cannot be passed on. The text itself is not in it. The library checks the rest.
    [[nodiscard]] error problem(const char *name) const {
        return error::local(MID_INVALID_ARGUMENT,
                            std::string(name) + (data ? " must be a string without NUL" : " must not be null"));
    }

private:
    std::string copy;
    const char *data;
    bool has_nul = false;
};

} // namespace detail

} // namespace machineid

#endif
