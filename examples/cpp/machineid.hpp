// machineid.hpp - the client of the MachineID authority. Needs libmachineid and nlohmann-json; C++17.
//
// A call blocks its thread until there is an answer or `timeout_ms` has passed. Any number of threads may share a client,
// and a child of fork() may go on with it.
#pragma once

#include <machineid.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace machineid {

using json = nlohmann::json;

/// The version of the loaded library.
inline const char *version() noexcept { return mid_version(); }

inline const char *name(mid_status status) noexcept { return mid_status_name(status); }

namespace detail {

/// A member of a reply, when it is a text.
inline std::optional<std::string> text(const json &reply, const char *key) {
    auto member = reply.find(key);
    if (member == reply.end() || !member->is_string()) return std::nullopt;
    return member->get<std::string>();
}

/// Codes are in "code" where there is a decision or the library failed, and in "error" where the authority refused.
inline std::string code(const json &reply) { return text(reply, "code").value_or(text(reply, "error").value_or("")); }

struct freeing {
    void operator()(char *json) const noexcept { mid_free(json); }
    void operator()(mid_client *client) const noexcept { mid_client_free(client); }
};

/// Parses what came out through a `json` parameter, and frees it.
inline json take(char *text) {
    std::unique_ptr<char, freeing> owned(text);
    return text ? json::parse(text) : json::object();
}

/// A NUL would cut the text short, and the question would be about another device.
inline const char *c_string(const std::string &text) {
    if (text.find('\0') != std::string::npos) throw std::invalid_argument("machineid: a NUL inside a string");
    return text.c_str();
}

} // namespace detail

/// Why there is no reply: the authority refused, or it could not be asked.
class error : public std::runtime_error {
public:
    error(mid_status status, const json &reply)
        : std::runtime_error(std::string(name(status)) + ' ' + detail::code(reply) + ": " +
                             detail::text(reply, "message").value_or("")),
          status(status), code(detail::code(reply)), request_id(detail::text(reply, "request_id")) {}

    mid_status status;
    std::string code;
    std::optional<std::string> request_id;
};

/// The outcome of validate(). Gate on `allowed` and nothing else: `if (client.validate(device)) work();`
struct decision {
    bool allowed;
    mid_status status; ///< MID_OK: the authority decided. Anything else: it did not, and nothing is allowed.
    std::string code;
    std::optional<std::string> request_id;
    json reply;

    explicit operator bool() const noexcept { return allowed; }
};

/// A connection to the authority on behalf of one organisation. Make one, and keep it.
class client {
public:
    /// `options` is a JSON object, such as `{{"timeout_ms", 2000}}`; machineid.h lists them.
    explicit client(const std::string &org_key, const json &options = nullptr)
        : handle(make(options, [&](auto... rest) { return mid_client_new(detail::c_string(org_key), rest...); })) {}

    /// Takes the org key from the environment variable MACHINEID_ORG_KEY.
    static client from_env(const json &options = nullptr) { return client(make(options, mid_client_from_env)); }

    /// Ends every call on this client, now and to come, with MID_CANCELLED. Any thread may do so.
    void cancel() noexcept { mid_client_cancel(handle.get()); }

    /// May this device run now? Whatever goes wrong between here and the authority, the decision says so.
    [[nodiscard]] decision validate(const std::string &device_id) const {
        char *text = nullptr;
        int allowed = 0;
        mid_status status = mid_validate(handle.get(), detail::c_string(device_id), &allowed, &text);
        json reply = detail::take(text);
        return {allowed == 1, status, detail::code(reply), detail::text(reply, "request_id"), std::move(reply)};
    }

    // The replies of these are the authority's. They throw machineid::error.

    json register_device(const std::string &device_id) const { return ask(mid_register, device_id); }
    json revoke(const std::string &device_id) const { return ask(mid_revoke, device_id); }
    json unrevoke(const std::string &device_id) const { return ask(mid_unrevoke, device_id); }
    json restore(const std::string &device_id) const { return ask(mid_restore, device_id); }
    json remove(const std::string &device_id) const { return ask(mid_remove, device_id); }
    json list_devices() const { return ask(mid_list_devices); }
    json usage() const { return ask(mid_usage); }

private:
    using owner = std::unique_ptr<mid_client, detail::freeing>;

    explicit client(owner made) : handle(std::move(made)) {}

    template <typename New> static owner make(const json &options, New new_client) {
        mid_client *made = nullptr;
        char *text = nullptr;
        std::string given = options.dump();
        mid_status status = new_client(options.is_null() ? nullptr : given.c_str(), &made, &text);
        owner handle(made);
        checked(status, text);
        return handle;
    }

    template <typename Operation, typename... Texts> json ask(Operation operation, const Texts &...texts) const {
        char *text = nullptr;
        mid_status status = operation(handle.get(), detail::c_string(texts)..., &text);
        return checked(status, text);
    }

    static json checked(mid_status status, char *text) {
        json reply = detail::take(text);
        if (status != MID_OK) throw error(status, reply);
        return reply;
    }

    owner handle;
};

} // namespace machineid
