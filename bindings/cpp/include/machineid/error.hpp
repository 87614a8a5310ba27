/// @file error.hpp
/// What the authority replied, and why there is no answer.
#ifndef MACHINEID_ERROR_HPP
#define MACHINEID_ERROR_HPP

#include "json.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <machineid.h>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace machineid {

/// What the authority replied: the text as it came, and its members: `reply["status"].string()`.
class reply {
public:
    /// An empty reply.
    reply() = default;

    /// A reply with this text. A text that is no JSON has no members.
    explicit reply(std::string text) : text_(std::move(text)), value_(json::parse(text_)) {}

    /// The reply, byte for byte, for a parser of your own.
    [[nodiscard]] const std::string &text() const & noexcept { return text_; }
    [[nodiscard]] std::string text() && noexcept { return std::move(text_); }

    /// The member with this name; null where there is none.
    [[nodiscard]] const json &operator[](std::string_view name) const & noexcept { return value_[name]; }
    [[nodiscard]] json operator[](std::string_view name) const && { return value_[name]; }

    /// The code of a decision, or of an API error, which has "error" in its place. Empty where there is neither.
    [[nodiscard]] std::string code() const {
        return value_["code"].kind() == json::type::string ? value_["code"].string() : value_["error"].string();
    }

    /// The id under which the authority knows the call. Empty where it gave none.
    [[nodiscard]] std::string request_id() const { return value_["request_id"].string(); }

private:
    std::string text_;
    json value_;
};

/// Why there is no allow, or no reply. Nothing is allowed with any of them. Results hold it, and value() and require()
/// throw it. The org key is in no error.
class error : public std::exception {
public:
    /// The error of a call that ended with this status; with MID_OK, a denial.
    error(mid_status status, machineid::reply reply)
        : content_(std::make_shared<const content>(content{status, words(status, reply), std::move(reply)})) {}

    /// An error of these headers, in the form in which the library makes its own.
    static error local(mid_status status, std::string_view message) {
        std::string code = "CLIENT_" + std::string(mid_status_name(status)).substr(4);
        return {status, machineid::reply("{\"allowed\":false,\"code\":\"" + code + "\",\"request_id\":null," +
                                         "\"message\":" + json::quoted(message) + '}')};
    }

    // A copy shares what it says and cannot fail, as is needed of what is thrown. There is no move, so none is empty.
    error(const error &) noexcept = default;
    error &operator=(const error &) noexcept = default;
    ~error() override = default;

    /// Whether the authority decided, and said no. Where this is false, there was no decision. Stop.
    [[nodiscard]] bool is_denied() const noexcept { return status() == MID_OK; }

    /// Whether no answer came, or what came is no answer. Stop; trying later may help.
    [[nodiscard]] bool is_no_answer() const noexcept {
        return status() >= MID_RESOLVE_FAILED && status() <= MID_BAD_REPLY;
    }

    /// The status, as machineid.h describes it; MID_OK for a denial, because the authority decided. More may come.
    [[nodiscard]] mid_status status() const noexcept { return content_->status; }

    /// The name of the status, such as "MID_TIMEOUT".
    [[nodiscard]] const char *status_name() const noexcept { return mid_status_name(status()); }

    /// The code, for programs and logs: "DEVICE_REVOKED", "device_not_found", "CLIENT_TIMEOUT". The authority may have
    /// codes that no document names.
    [[nodiscard]] std::string code() const { return content_->reply.code(); }

    /// The id under which the authority knows the call. Empty where it did not answer, or gave none.
    [[nodiscard]] std::string request_id() const { return content_->reply.request_id(); }

    /// One line for a person. The wording may change.
    [[nodiscard]] std::string message() const { return content_->reply["message"].string(); }

    /// The HTTP status of an outage (MID_UNAVAILABLE), such as 503. Otherwise 0, because the library does not tell it.
    [[nodiscard]] int http_status() const {
        static constexpr std::string_view mark = "HTTP ";
        std::string said = message();
        std::size_t at = said.find(mark);
        if (status() != MID_UNAVAILABLE || at == std::string::npos) return 0;
        return std::atoi(said.substr(at + mark.size(), 3).c_str());
    }

    /// The authority's reply or, where there was no answer, the library's.
    [[nodiscard]] machineid::reply reply() const { return content_->reply; }

    /// The code, the message and the request id, for a log.
    [[nodiscard]] const char *what() const noexcept override { return content_->words.c_str(); }

private:
    struct content {
        mid_status status;
        std::string words;
        machineid::reply reply;
    };

    static std::string words(mid_status status, const machineid::reply &reply) {
        std::string said = "machineid: not allowed: " + reply.code();
        if (status != MID_OK)
            said = std::string("machineid: ") + mid_status_name(status) + ' ' + reply.code() + ": " +
                   reply["message"].string();
        std::string id = reply.request_id();
        return id.empty() ? said : said + " (request id " + id + ')';
    }

    std::shared_ptr<const content> content_;
};

namespace detail {

/// Throws an error. Where the compiler has no exceptions, it says what it is and ends the program, which fails closed.
[[noreturn]] inline void raise(const error &error) {
#if defined(__cpp_exceptions)
    throw error;
#else
    std::fprintf(stderr, "%s\n", error.what());
    std::abort();
#endif
}

/// The status of what has no status of its own: a reply among many, or why a check brought no decision. A failure of
/// the library has the status name with CLIENT_ for MID_, and an API error has no "allowed".
inline mid_status status_of(const reply &reply) {
    std::string name = "MID_" + reply.code().substr(std::min<std::size_t>(7, reply.code().size()));
    for (mid_status status : {MID_INVALID_ARGUMENT, MID_RESOLVE_FAILED, MID_CONNECT_FAILED, MID_TLS_FAILED,
                              MID_TRANSFER_FAILED, MID_TIMEOUT, MID_UNAVAILABLE, MID_BAD_REPLY, MID_CANCELLED,
                              MID_OUT_OF_MEMORY, MID_INTERNAL})
        if (reply.code().rfind("CLIENT_", 0) == 0 && name == mid_status_name(status)) return status;
    if (reply["allowed"].kind() == json::type::boolean && !reply["allowed"].is_true()) return MID_OK;
    return reply["error"].is_null() ? MID_INTERNAL : MID_REFUSED;
}

/// What the library returned through a `json` parameter, which is freed with this.
class text_out {
public:
    text_out() = default;
    text_out(const text_out &) = delete;
    text_out &operator=(const text_out &) = delete;
    ~text_out() { mid_free(text); }

    /// Where the library is to put its text.
    char **place() noexcept { return &text; }

    /// A copy of the text. It is empty where the library made none.
    [[nodiscard]] std::string copy() const { return text ? text : ""; }
    [[nodiscard]] machineid::reply reply() const { return machineid::reply(copy()); }

private:
    char *text = nullptr;
};

} // namespace detail

} // namespace machineid

#endif
