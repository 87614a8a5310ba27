/// @file result.hpp
/// What a call came to: a value, or the reason why there is none.
#ifndef MACHINEID_RESULT_HPP
#define MACHINEID_RESULT_HPP

#include "error.hpp"

#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif
#if defined(__cpp_lib_expected)
#include <expected>
#endif

namespace machineid {

namespace detail {

/// Whether a value may be there and say no: then it has why().
template <typename T> inline constexpr bool is_live = false;

} // namespace detail

/// A value or a machineid::error, as std::expected has it, with one difference: where the value itself can be asked in
/// a condition, as a decision and a guard can, a result is true only when the value is. So
/// `if (client.validate(id)) work();` works only when the device may run now, and with
/// `auto guard = client.start_guard(id);` so does `while (guard) work();`.
///
/// Whoever asks for a value that is not there gets the error thrown.
template <typename T> class [[nodiscard]] result {
public:
    using value_type = T;
    using error_type = machineid::error;

    /// A result with a value.
    result(T value) : content_(std::in_place_index<0>, std::move(value)) {}

    /// A result without one.
    result(machineid::error error) : content_(std::in_place_index<1>, std::move(error)) {}

    /// Whether there is a value and, where it can be asked, it says yes.
    [[nodiscard]] explicit operator bool() const noexcept {
        if constexpr (std::is_constructible_v<bool, const T &>) {
            return has_value() && static_cast<bool>(*std::get_if<0>(&content_));
        } else {
            return has_value();
        }
    }

    /// Whether there is a value, whatever it says. It is no permission: gate on the result itself.
    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }

    /// The value; throws machineid::error where there is none. That of a temporary is moved out of it.
    T &value() & {
        need();
        return *std::get_if<0>(&content_);
    }
    const T &value() const & {
        need();
        return *std::get_if<0>(&content_);
    }
    T value() && {
        need();
        return std::move(*std::get_if<0>(&content_));
    }

    /// The same as value().
    [[nodiscard]] T &operator*() & { return value(); }
    [[nodiscard]] const T &operator*() const & { return value(); }
    [[nodiscard]] T operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T *operator->() { return std::addressof(value()); }
    [[nodiscard]] const T *operator->() const { return std::addressof(value()); }

    /// Why this is false in a condition: why there is no value or, where there is a guard, why it is off. Where this is
    /// true, which is a mistake in the program, an error that says so.
    [[nodiscard]] machineid::error error() const {
        if (auto *error = std::get_if<1>(&content_)) return *error;
        if constexpr (detail::is_live<T>) {
            return std::get_if<0>(&content_)->why();
        } else {
            return machineid::error::local(MID_INTERNAL, "there is a value, and no error; ask has_value() first");
        }
    }

#if defined(__cpp_lib_expected)
    /// The same as a std::expected, where both say the same in a condition: not for a guard and what it knows, since
    /// they may be there and say no.
    template <typename U = T, typename = std::enable_if_t<!detail::is_live<U>>>
    [[nodiscard]] std::expected<T, machineid::error> expected() const {
        if (has_value()) return value();
        return std::unexpected(error());
    }
#endif

private:
    void need() const {
        if (auto *error = std::get_if<1>(&content_)) detail::raise(*error);
    }

    std::variant<T, machineid::error> content_;
};

} // namespace machineid

#endif
