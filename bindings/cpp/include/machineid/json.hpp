/// @file json.hpp
/// A reader for the JSON that the library hands out. The library has decided before this code sees a reply, so nothing
/// here can turn a denial into an allow.
#ifndef MACHINEID_JSON_HPP
#define MACHINEID_JSON_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace machineid {

/// A JSON value. What does not exist is null, so that `value["a"]["b"]` is safe for any value.
class json {
public:
    /// What a value is.
    enum class type { null, boolean, number, string, array, object };

    /// Null.
    json() = default;

    /// Reads a text. What is no JSON, or is nested too deep, becomes null.
    static json parse(std::string_view text);

    /// A text as a JSON string, with its quotation marks.
    static std::string quoted(std::string_view text) {
        static constexpr char digits[] = "0123456789abcdef";
        std::string said = "\"";
        for (char c : text) {
            auto byte = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                said += '\\';
                said += c;
            } else if (byte < 0x20) {
                said += "\\u00";
                said += digits[byte >> 4];
                said += digits[byte & 15];
            } else {
                said += c;
            }
        }
        return said + '"';
    }

    /// What this value is.
    [[nodiscard]] type kind() const noexcept { return kind_; }

    /// Whether this is null, or does not exist.
    [[nodiscard]] bool is_null() const noexcept { return kind_ == type::null; }

    /// The string; empty where this is none.
    [[nodiscard]] std::string string() const { return kind_ == type::string ? text_ : std::string(); }

    /// Whether this is `true`.
    [[nodiscard]] bool is_true() const noexcept { return kind_ == type::boolean && text_ == "true"; }

    /// The number, where this is one that is whole and fits.
    [[nodiscard]] std::optional<std::int64_t> integer() const noexcept {
        std::int64_t value = 0;
        const char *end = text_.data() + text_.size();
        if (kind_ != type::number) return std::nullopt;
        auto read = std::from_chars(text_.data(), end, value);
        return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
    }

    /// The number as it was written, so that none is too large or too exact; empty where this is none.
    [[nodiscard]] std::string number() const { return kind_ == type::number ? text_ : std::string(); }

    /// How many elements an array has, or members an object.
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    /// The elements of an array, or the values of an object, in their order.
    [[nodiscard]] const std::vector<json> &items() const & noexcept { return items_; }
    [[nodiscard]] std::vector<json> items() && noexcept { return std::move(items_); }

    /// The names of an object's members, in the order of items().
    [[nodiscard]] const std::vector<std::string> &names() const & noexcept { return names_; }
    [[nodiscard]] std::vector<std::string> names() && noexcept { return std::move(names_); }

    /// The member of an object with this name; null where there is none. A temporary returns a copy, which outlives it.
    [[nodiscard]] const json &operator[](std::string_view name) const & noexcept {
        for (std::size_t i = 0; i < names_.size(); i++)
            if (names_[i] == name) return items_[i];
        return nothing();
    }
    [[nodiscard]] json operator[](std::string_view name) const && { return (*this)[name]; }

    /// The element of an array with this index; null where there is none.
    [[nodiscard]] const json &at(std::size_t index) const & noexcept {
        return index < items_.size() ? items_[index] : nothing();
    }
    [[nodiscard]] json at(std::size_t index) const && { return at(index); }

private:
    class reader;

    json(type kind, std::string_view text) : kind_(kind), text_(text) {}

    static const json &nothing() noexcept {
        static const json null{};
        return null;
    }

    type kind_ = type::null;
    std::string text_;               // a string, or what else is no array and no object as it was written
    std::vector<std::string> names_; // of an object, one for each of its items
    std::vector<json> items_;
};

class json::reader {
public:
    explicit reader(std::string_view text) : rest(text) {}

    std::optional<json> all() {
        std::optional<json> value = element(0);
        skip();
        return rest.empty() ? value : std::nullopt;
    }

private:
    // How deep arrays and objects may be nested.
    static constexpr int most_depth = 128;

    std::optional<json> element(int depth) {
        skip();
        if (rest.empty() || depth > most_depth) return std::nullopt;
        if (rest.front() == '{' || rest.front() == '[') return list(depth);
        if (rest.front() == '"') {
            json value(type::string, {});
            if (!string(value.text_)) return std::nullopt;
            return value;
        }
        if (takes("true")) return json(type::boolean, "true");
        if (takes("false")) return json(type::boolean, "false");
        if (takes("null")) return json();
        std::size_t length = rest.find_first_not_of("+-.0123456789Ee");
        std::string_view digits = rest.substr(0, length);
        rest.remove_prefix(digits.size());
        return digits.empty() ? std::nullopt : std::optional(json(type::number, digits));
    }

    // Reads an array or an object.
    std::optional<json> list(int depth) {
        bool is_object = rest.front() == '{';
        std::string_view end = is_object ? "}" : "]";
        json value(is_object ? type::object : type::array, {});
        rest.remove_prefix(1);
        skip();
        if (takes(end)) return value;
        do {
            skip();
            if (is_object) {
                if (!string(value.names_.emplace_back())) return std::nullopt;
                skip();
                if (!takes(":")) return std::nullopt;
            }
            std::optional<json> item = element(depth + 1);
            if (!item) return std::nullopt;
            value.items_.push_back(std::move(*item));
            skip();
        } while (takes(","));
        if (!takes(end)) return std::nullopt;
        return value;
    }

    bool string(std::string &to) {
        if (!takes("\"")) return false;
        while (!rest.empty() && rest.front() != '"') {
            std::size_t plain = rest.find_first_of("\"\\");
            to += rest.substr(0, plain);
            rest.remove_prefix(plain == std::string_view::npos ? rest.size() : plain);
            if (takes("\\") && !escaped(to)) return false;
        }
        return takes("\"");
    }

    bool escaped(std::string &to) {
        static constexpr std::string_view marks = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
        if (takes("u")) {
            std::uint32_t point = 0, low = 0;
            if (!hexadecimal(point)) return false;
            if (point >= 0xD800 && point < 0xDC00) {
                if (!takes("\\u") || !hexadecimal(low) || low < 0xDC00 || low > 0xDFFF) return false;
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            } else if (point >= 0xDC00 && point < 0xE000) {
                return false;
            }
            utf8(to, point);
            return true;
        }
        std::size_t index = rest.empty() ? std::string_view::npos : marks.find(rest.front());
        if (index == std::string_view::npos) return false;
        to += meant[index];
        rest.remove_prefix(1);
        return true;
    }

    bool hexadecimal(std::uint32_t &value) {
        if (rest.size() < 4) return false;
        auto read = std::from_chars(rest.data(), rest.data() + 4, value, 16);
        if (read.ec != std::errc() || read.ptr != rest.data() + 4) return false;
        rest.remove_prefix(4);
        return true;
    }

    static void utf8(std::string &to, std::uint32_t point) {
        auto add = [&to](std::uint32_t byte) { to += static_cast<char>(byte); };
        if (point < 0x80) return add(point);
        if (point < 0x800) {
            add(0xC0 | point >> 6);
        } else {
            if (point < 0x10000) {
                add(0xE0 | point >> 12);
            } else {
                add(0xF0 | point >> 18);
                add(0x80 | (point >> 12 & 0x3F));
            }
            add(0x80 | (point >> 6 & 0x3F));
        }
        add(0x80 | (point & 0x3F));
    }

    void skip() { rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size())); }

    bool takes(std::string_view word) {
        if (rest.substr(0, word.size()) != word) return false;
        rest.remove_prefix(word.size());
        return true;
    }

    std::string_view rest;
};

inline json json::parse(std::string_view text) {
    std::optional<json> value = reader(text).all();
    return value ? std::move(*value) : json();
}

namespace detail {

/// The texts of the elements of an array, or of the members of an object with their names, as the library wrote them.
/// It makes no list deeper than the first, so that a reply that is nested too deep for json costs no other its place.
inline std::vector<std::string_view> parts(std::string_view text) {
    std::vector<std::string_view> found;
    std::size_t begin = 1;
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\') i++;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']' || (c == ',' && depth == 1)) {
            if (depth == 1 && i > begin) found.push_back(text.substr(begin, i - begin));
            if (depth == 1) begin = i + 1;
            if (c != ',') depth--;
        }
    }
    return found;
}

/// The text of a member of an object that the library wrote, without blanks; empty where there is none.
inline std::string member(std::string_view text, std::string_view name) {
    std::string mark = '"' + std::string(name) + "\":";
    for (std::string_view part : parts(text))
        if (part.substr(0, mark.size()) == mark) return std::string(part.substr(mark.size()));
    return {};
}

} // namespace detail

} // namespace machineid

#endif
