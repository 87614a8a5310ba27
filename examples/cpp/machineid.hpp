// machineid.hpp - the client of the MachineID authority. Needs libmachineid and nlohmann-json; C++17.
//
//     auto client = machineid::client::from_env({{"timeout_ms", 2000}});
//     client.register_device("agent-01");
//     if (client.validate("agent-01")) work();
//
// The result of validate() is true when the device is allowed; the compiler warns when it is ignored. require() throws
// unless the device is allowed.
//
// A call blocks its thread until there is an answer or `timeout_ms` has passed. Any number of threads may share a
// client, and a child of fork() may continue to use it. As with any object, no thread may be about to call it when it
// is destroyed.
#pragma once

#include <cstddef>
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

/// A member of a reply, if it is a string.
inline std::optional<std::string> text(const json &reply, const char *key) {
    auto member = reply.find(key);
    if (member == reply.end() || !member->is_string()) return std::nullopt;
    return member->get<std::string>();
}

/// The code is in "code" after a decision or a failure of the library, and in "error" after a refusal by the authority.
inline std::string code(const json &reply) { return text(reply, "code").value_or(text(reply, "error").value_or("")); }

/// Frees what the library returned.
struct freeing {
    void operator()(char *json) const noexcept { mid_free(json); }
    void operator()(mid_client *client) const noexcept { mid_client_free(client); }
};

/// Parses and frees a text from a `json` parameter. The answer is the library's flag and not this text, so a reply that
/// nlohmann-json cannot parse becomes an empty one.
inline json take(char *text) {
    std::unique_ptr<char, freeing> owned(text);
    json reply = text ? json::parse(text, nullptr, false) : json::object();
    return reply.is_object() ? reply : json::object();
}

/// The text of the parameter `name`. A NUL would cut it short, so that the call would concern another device. The
/// library itself refuses text that is not UTF-8.
inline const char *c_string(const char *name, const std::string &text) {
    if (text.find('\0') != std::string::npos)
        throw std::invalid_argument(std::string("machineid: ") + name + " must be a string without NUL");
    return text.c_str();
}

/// A device id from the caller.
class device_id {
public:
    device_id(const std::string &text) : text(text) {}
    device_id(const char *text)
        : text(text ? text : throw std::invalid_argument("machineid: device_id must not be null")) {}
    device_id(std::nullptr_t) = delete;

    const char *c_string() const { return detail::c_string("device_id", text); }

private:
    std::string text;
};

} // namespace detail

/// Why there is no reply: the authority refused, or it gave no answer. require() also throws this for a denial; the
/// status is then MID_OK, because the authority decided.
class error : public std::runtime_error {
public:
    error(mid_status status, const json &reply)
        : std::runtime_error(words(status, reply)), status(status), code(detail::code(reply)),
          request_id(detail::text(reply, "request_id")), reply(reply) {}

    mid_status status;
    std::string code;
    std::optional<std::string> request_id;
    json reply;

private:
    static std::string words(mid_status status, const json &reply) {
        std::string words = status == MID_OK ? "not allowed: " + detail::code(reply)
                                             : std::string(name(status)) + ' ' + detail::code(reply) + ": " +
                                                   detail::text(reply, "message").value_or("");
        auto request_id = detail::text(reply, "request_id");
        return request_id ? words + " (request id " + *request_id + ')' : words;
    }
};

/// The result of validate(). Gate on `allowed` and nothing else: `if (client.validate(device)) work();`
struct decision {
    bool allowed;
    mid_status status; ///< MID_OK: the authority decided. Otherwise it did not, and nothing is allowed.
    std::string code;
    std::optional<std::string> request_id;
    json reply;

    explicit operator bool() const noexcept { return allowed; }
};

/// A connection to the authority on behalf of one organisation. Make one and keep it.
class client {
public:
    /// `options` is a JSON object, such as `{{"timeout_ms", 2000}}`; machineid.h lists them.
    explicit client(const std::string &org_key, const json &options = nullptr)
        : handle(make(options, [&](auto... rest) {
              return mid_client_new(detail::c_string("org_key", org_key), rest...);
          })) {}

    /// Takes the org key from the environment variable MACHINEID_ORG_KEY.
    static client from_env(const json &options = nullptr) { return client(make(options, mid_client_from_env)); }

    /// Ends every call in progress and every later call on this client with MID_CANCELLED. Any thread may call this.
    void cancel() noexcept { mid_client_cancel(handle.get()); }

    /// May this device run now? If anything goes wrong, the decision says so.
    [[nodiscard]] decision validate(const detail::device_id &device_id) const {
        char *text = nullptr;
        int allowed = 0;
        mid_status status = mid_validate(handle.get(), device_id.c_string(), &allowed, &text);
        json reply = detail::take(text);
        return {allowed == 1, status, detail::code(reply), detail::text(reply, "request_id"), std::move(reply)};
    }

    /// The same, as a bool.
    [[nodiscard]] bool allows(const detail::device_id &device_id) const { return validate(device_id).allowed; }

    /// Returns when this device may run now. Otherwise throws machineid::error, with the code and request id for your
    /// log.
    void require(const detail::device_id &device_id) const {
        auto decision = validate(device_id);
        if (!decision) throw error(decision.status, decision.reply);
    }

    // These return the authority's reply, or throw machineid::error.

    json register_device(const detail::device_id &device_id) const { return ask(mid_register, device_id); }
    json revoke(const detail::device_id &device_id) const { return ask(mid_revoke, device_id); }
    json unrevoke(const detail::device_id &device_id) const { return ask(mid_unrevoke, device_id); }
    json restore(const detail::device_id &device_id) const { return ask(mid_restore, device_id); }
    json remove(const detail::device_id &device_id) const { return ask(mid_remove, device_id); }
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

    template <typename Operation, typename... Ids> json ask(Operation operation, const Ids &...ids) const {
        char *text = nullptr;
        mid_status status = operation(handle.get(), ids.c_string()..., &text);
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
