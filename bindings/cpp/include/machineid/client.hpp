/// @file client.hpp
/// The client, its operations, and the decisions of the authority.
#ifndef MACHINEID_CLIENT_HPP
#define MACHINEID_CLIENT_HPP

#include "guard.hpp"
#include "options.hpp"
#include "result.hpp"

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace machineid {

/// What the authority decided about a device. One that a result holds is an allow: a denial is an error.
class decision {
public:
    /// The decision of the library's flag. The reply has no say in it.
    decision(bool allowed, machineid::reply reply) : allowed_(allowed), reply_(std::move(reply)) {}

    /// Whether the device may run now.
    [[nodiscard]] explicit operator bool() const noexcept { return allowed_; }

    /// The code, such as "ALLOW".
    [[nodiscard]] std::string code() const { return reply_.code(); }

    /// The id under which the authority knows the call. Empty where it gave none.
    [[nodiscard]] std::string request_id() const { return reply_.request_id(); }

    /// The authority's reply.
    [[nodiscard]] machineid::reply reply() const { return reply_; }

private:
    bool allowed_;
    machineid::reply reply_;
};

/// What client::validate_many() says about each device, in their order: a list of results. It is true in a condition
/// when there are some and all may run now.
class [[nodiscard]] decisions {
public:
    using value_type = result<decision>;
    using const_iterator = std::vector<value_type>::const_iterator;

    explicit decisions(std::vector<value_type> results) : results_(std::move(results)) {}

    /// Whether there are some, and all of these devices may run now.
    [[nodiscard]] explicit operator bool() const noexcept {
        for (const auto &result : results_)
            if (!result) return false;
        return !results_.empty();
    }

    [[nodiscard]] std::size_t size() const noexcept { return results_.size(); }
    [[nodiscard]] bool empty() const noexcept { return results_.empty(); }
    [[nodiscard]] const value_type &operator[](std::size_t index) const { return results_.at(index); }
    [[nodiscard]] const_iterator begin() const noexcept { return results_.begin(); }
    [[nodiscard]] const_iterator end() const noexcept { return results_.end(); }

private:
    std::vector<value_type> results_;
};

/// A connection to the authority on behalf of one organisation. Make one and keep it: it holds its connections open.
/// Destroying it ends its guards and calls, in 250 ms at most.
///
/// A device id is a std::string, a std::string_view or a `const char *`. One that is null, or has a NUL inside, is
/// MID_INVALID_ARGUMENT, with a message that names it; so is whatever the library cannot send.
class client {
public:
    /// Makes a client with this org key, `org_...`. Nothing is sent before its first call.
    static result<client> make(const detail::argument &org_key, const machineid::options &options = {}) {
        if (!org_key.c_str()) return org_key.problem("org_key");
        return opened(options, [&](const char *text, mid_client **to, char **json) {
            return mid_client_new(org_key.c_str(), text, to, json);
        });
    }

    /// Makes a client with the org key in the environment variable MACHINEID_ORG_KEY, or in the file that
    /// MACHINEID_ORG_KEY_FILE names. MACHINEID_BASE_URL stands in for the option `base_url`.
    static result<client> from_env(const machineid::options &options = {}) {
        return opened(options, mid_client_from_env);
    }

    /// May this device run now? The result is true only when it may. Otherwise its error() has the code and the request
    /// id for your log, and is_denied() where the authority said no.
    result<decision> validate(const detail::argument &device_id) const {
        if (!is_usable(device_id)) return problem(device_id);
        int allowed = 0;
        detail::text_out text;
        mid_status status = mid_validate(handle.get(), device_id.c_str(), &allowed, text.place());
        return decided(status, allowed, text.reply());
    }

    /// The same, as a bool.
    [[nodiscard]] bool allows(const detail::argument &device_id) const { return bool(validate(device_id)); }

    /// Returns when this device may run now, and otherwise throws machineid::error.
    void require(const detail::argument &device_id) const { validate(device_id).value(); }

    /// May each of these devices run now? There is one result for each, in their order, as validate() would have
    /// returned it. `device_ids` is a range of what validate() takes. All together have one timeout: by default 10,000
    /// devices have 64 ms each. Where the call fails as a whole, each device has that error.
    template <typename Range> decisions validate_many(const Range &device_ids) const {
        many asked;
        for (const auto &id : device_ids) asked.add(id);
        return ask_many(asked);
    }
    decisions validate_many(std::initializer_list<detail::argument> device_ids) const {
        many asked;
        for (const auto &id : device_ids) asked.add(id);
        return ask_many(asked);
    }

    /// Registers a device with the organisation. Registering again changes nothing and restores no revoked device.
    result<reply> register_device(const detail::argument &device_id) const { return ask(mid_register, device_id); }

    /// Revokes a device: from now on it is denied.
    result<reply> revoke(const detail::argument &device_id) const { return ask(mid_revoke, device_id); }

    /// Takes a revocation back. It brings no guard back that was denied.
    result<reply> unrevoke(const detail::argument &device_id) const { return ask(mid_unrevoke, device_id); }

    /// The same as unrevoke(), as the vendor's SDKs also call it.
    result<reply> restore(const detail::argument &device_id) const { return ask(mid_restore, device_id); }

    /// Removes a device for good.
    result<reply> remove(const detail::argument &device_id) const { return ask(mid_remove, device_id); }

    /// Lists the organisation's devices, active and revoked.
    result<reply> list_devices() const { return ask(mid_list_devices); }

    /// Tells the organisation's plan: tier, state, limit, devices used.
    result<reply> usage() const { return ask(mid_usage); }

    /// What this client has done so far in this process, as machineid.h describes it for mid_client_stats(). It asks
    /// nobody.
    result<reply> stats() const { return ask(mid_client_stats); }

    /// Starts a guard for a device. It validates once, in this call, and fails as validate() does: a denial is an error
    /// here too. The result is true while the guard is on, so `while (guard) work();` is right.
    result<guard> start_guard(const detail::argument &device_id, const guard_options &options = {}) const {
        if (!is_usable(device_id)) return problem(device_id);
        mid_guard *started = nullptr;
        detail::text_out text;
        mid_status status = mid_guard_start(handle.get(), device_id.c_str(), detail::text_of(options).c_str(),
                                            &started, text.place());
        guard made(started);
        if (status != MID_OK) return error(status, text.reply());
        auto known = made.decision();
        if (!known.has_value()) return known.error();
        if (known->state == guard_state::denied) return known->why();
        return made;
    }

    /// Ends all calls in progress and to come with MID_CANCELLED, and all guards. It returns at once. Any thread may
    /// call it, but no signal handler. A cancelled client stays cancelled: make a new one.
    void cancel() const noexcept { mid_client_cancel(handle.get()); }

    /// Frees the client now, as destroying it does. Every later call is MID_INVALID_ARGUMENT.
    void close() noexcept { handle.reset(); }

private:
    struct freeing {
        void operator()(mid_client *client) const noexcept { mid_client_free(client); }
    };

    explicit client(mid_client *made) : handle(made) {}

    template <typename Make> static result<client> opened(const machineid::options &options, Make make) {
        mid_client *made = nullptr;
        detail::text_out text;
        mid_status status = make(detail::text_of(options).c_str(), &made, text.place());
        client owner(made);
        if (status != MID_OK) return error(status, text.reply());
        return owner;
    }

    [[nodiscard]] bool is_usable(const detail::argument &device_id) const noexcept {
        return handle && device_id.c_str();
    }

    [[nodiscard]] error problem(const detail::argument &device_id) const {
        return handle ? device_id.problem("device_id") : closed();
    }

    static error closed() { return error::local(MID_INVALID_ARGUMENT, "the client is closed or moved from"); }

    template <typename Operation> [[nodiscard]] result<reply> ask(Operation operation) const {
        if (!handle) return closed();
        detail::text_out text;
        mid_status status = operation(handle.get(), text.place());
        if (status != MID_OK) return error(status, text.reply());
        return text.reply();
    }

    template <typename Operation>
    [[nodiscard]] result<reply> ask(Operation operation, const detail::argument &device_id) const {
        if (!is_usable(device_id)) return problem(device_id);
        detail::text_out text;
        mid_status status = operation(handle.get(), device_id.c_str(), text.place());
        if (status != MID_OK) return error(status, text.reply());
        return text.reply();
    }

    // Copies of device ids. One that cannot be sent costs only that device its decision.
    struct many {
        std::vector<std::string> texts;
        std::vector<std::optional<error>> problems;

        void add(const detail::argument &device_id) {
            const char *text = device_id.c_str();
            texts.emplace_back(text ? text : "");
            problems.push_back(text ? std::nullopt : std::optional(device_id.problem("device_id")));
        }
    };

    [[nodiscard]] decisions ask_many(const many &asked) const {
        std::size_t count = asked.texts.size();
        if (!handle) return decisions(std::vector<result<decision>>(count, closed()));
        std::vector<const char *> ids;
        for (std::size_t i = 0; i < count; i++) ids.push_back(asked.problems[i] ? nullptr : asked.texts[i].c_str());
        std::vector<int> allowed(count + 1); // one more, so that it has a place in memory where none are asked
        ids.push_back(nullptr);
        detail::text_out text;
        mid_status status = mid_validate_many(handle.get(), ids.data(), count, allowed.data(), text.place());
        std::string whole = text.copy();
        std::vector<result<decision>> results;
        if (auto replies = detail::parts(whole); whole.rfind('[', 0) == 0 && replies.size() == count) {
            for (std::size_t i = 0; i < count; i++) {
                reply one{std::string(replies[i])};
                mid_status of_one = allowed[i] == 1 ? MID_OK : detail::status_of(one);
                if (asked.problems[i]) results.emplace_back(*asked.problems[i]);
                else results.push_back(decided(of_one, allowed[i], std::move(one)));
            }
        } else {
            results.assign(count, error(status == MID_OK ? MID_INTERNAL : status, text.reply()));
        }
        return decisions(std::move(results));
    }

    static result<decision> decided(mid_status status, int allowed, machineid::reply reply) {
        if (status == MID_OK && allowed == 1) return decision(true, std::move(reply));
        return error(status, std::move(reply));
    }

    std::unique_ptr<mid_client, freeing> handle;
};

} // namespace machineid

#endif
