/// @file guard.hpp
/// Guards, which keep one device's permission fresh in the background, for a hot loop to look at in nanoseconds.
#ifndef MACHINEID_GUARD_HPP
#define MACHINEID_GUARD_HPP

#include "options.hpp"
#include "result.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace machineid {

class guard;
struct guard_report;

namespace detail {

template <> inline constexpr bool is_live<guard> = true;
template <> inline constexpr bool is_live<guard_report> = true;

} // namespace detail

/// What a guard is. More may come: treat an unknown state as ended.
enum class guard_state {
    on,     ///< the last allow is younger than the maximum age
    lapsed, ///< it is older; the guard asks on, and is on again after the next allow
    denied, ///< the authority said no; final
    ended,  ///< the client was cancelled or destroyed, the guard stopped, or this is a forked child; final
};

/// The name of a state, such as "lapsed".
[[nodiscard]] inline const char *name(guard_state state) noexcept {
    switch (state) {
    case guard_state::on: return "on";
    case guard_state::lapsed: return "lapsed";
    case guard_state::denied: return "denied";
    case guard_state::ended: break;
    }
    return "ended";
}

/// What a guard knows. It is true in a condition when the guard was on at this moment.
struct guard_report {
    bool allowed;                  ///< what guard::allowed() was at this moment
    guard_state state;             ///< the state
    std::chrono::milliseconds age; ///< how long ago the question was sent whose answer is `decision`
    std::int64_t checks;           ///< how many were made, the first one included
    std::int64_t failures;         ///< how many of them brought no decision since the last one that did
    reply decision;                ///< the authority's last, with its code and its request id
    std::optional<reply> failure;  ///< why the last check brought none

    [[nodiscard]] explicit operator bool() const noexcept { return allowed; }

    /// Why the guard is off; where it is on, an error that says so.
    [[nodiscard]] error why() const {
        if (allowed) return error::local(MID_INTERNAL, "the guard is on");
        if (state == guard_state::denied) return {MID_OK, decision};
        if (failure) return {detail::status_of(*failure), *failure};
        if (state == guard_state::lapsed) return error::local(MID_TIMEOUT, "no answer has come for max_age_ms");
        return error::local(MID_CANCELLED, "the guard was ended with its client");
    }
};

/// A guard for one device, which client::start_guard() starts. It may outlive its client, but is ended then. Destroying
/// it stops it, in 250 ms at most. Any number of threads may use it, but for stopping, assigning and moving it.
class guard {
public:
    /// May the device run now? It takes some nanoseconds and no lock.
    [[nodiscard]] explicit operator bool() const noexcept { return allowed(); }

    /// The same.
    [[nodiscard]] bool allowed() const noexcept { return mid_guard_allowed(handle.get()) == 1; }

    /// Blocks until the guard is off: lapsed, denied or ended. That may be never; client::cancel() ends it.
    void wait_until_off() const noexcept { (void)mid_guard_wait(handle.get(), -1); }

    /// The same, for this long at most. It is true when the guard is off, and false when it is still on. True is no
    /// permission.
    template <typename Rep, typename Period>
    [[nodiscard]] bool wait_until_off(std::chrono::duration<Rep, Period> timeout) const noexcept {
        constexpr auto most = std::numeric_limits<std::int32_t>::max();
        double ms = std::ceil(std::chrono::duration<double, std::milli>(timeout).count());
        std::int32_t limit = ms >= most ? most : ms > 0 ? static_cast<std::int32_t>(ms) : 0;
        return mid_guard_wait(handle.get(), limit) != MID_TIMEOUT;
    }

    /// What the guard knows. It fails only on a guard that was stopped, and where memory is refused.
    [[nodiscard]] result<guard_report> decision() const {
        int allowed = 0;
        detail::text_out text;
        if (!handle) return error::local(MID_INVALID_ARGUMENT, "the guard is stopped or moved from");
        mid_status status = mid_guard_decision(handle.get(), &allowed, text.place());
        if (status != MID_OK) return error(status, text.reply());
        std::string whole = text.copy();
        // Each member by itself, so that a decision that is nested too deep costs no other member its value.
        auto known = [&whole](const char *key) { return json::parse(detail::member(whole, key)); };
        guard_report report{};
        report.allowed = allowed == 1;
        report.state = guard_state::ended;
        for (auto state : {guard_state::on, guard_state::lapsed, guard_state::denied})
            if (known("state").string() == name(state)) report.state = state;
        report.age = std::chrono::milliseconds(known("age_ms").integer().value_or(0));
        report.checks = known("checks").integer().value_or(0);
        report.failures = known("failures").integer().value_or(0);
        report.decision = reply(detail::member(whole, "decision"));
        std::string failure = detail::member(whole, "failure");
        if (failure != "null") report.failure = reply(failure);
        return report;
    }

    /// Why the guard is off, with the code and the request id: a denial, why it lapsed, or MID_CANCELLED.
    [[nodiscard]] error why() const {
        if (!handle) return error::local(MID_CANCELLED, "the guard is stopped or moved from");
        auto known = decision();
        return known.has_value() ? known->why() : known.error();
    }

    /// A descriptor for poll, epoll and the like. It becomes readable, and stays so, when the guard is denied or ended,
    /// but not by a lapse, since that may pass. Do not read from it or close it. Take it out of what polls it before
    /// the guard is stopped. -1 where no descriptor is left.
    [[nodiscard]] int fd() const noexcept { return mid_guard_fd(handle.get()); }

    /// Stops the guard now. It is off then.
    void stop() noexcept { handle.reset(); }

private:
    friend class client;

    struct stopping {
        void operator()(mid_guard *guard) const noexcept { mid_guard_stop(guard); }
    };

    explicit guard(mid_guard *started) : handle(started) {}

    std::unique_ptr<mid_guard, stopping> handle;
};

} // namespace machineid

#endif
