#include <doctest/doctest.h>
#include <machineid.hpp>
#include <string>

using machineid::json;
using type = json::type;

TEST_CASE("values are read") {
    auto value = json::parse(R"( {"a": [1, -2, 1.5, 1e400, true, false, null, "x"], "b": {"c": "d"}, "a2": []} )");
    REQUIRE(value.kind() == type::object);
    CHECK(value.size() == 3);
    CHECK(value.names()[1] == "b");
    const json &list = value["a"];
    REQUIRE(list.kind() == type::array);
    CHECK(list.size() == 8);
    CHECK(list.at(0).integer() == 1);
    CHECK(list.at(1).integer() == -2);
    CHECK_FALSE(list.at(2).integer());
    CHECK(list.at(3).number() == "1e400");
    CHECK(list.at(4).is_true());
    CHECK_FALSE(list.at(5).is_true());
    CHECK(list.at(6).is_null());
    CHECK(list.at(7).string() == "x");
    CHECK(list.at(8).is_null());
    CHECK(value["b"]["c"].string() == "d");
    CHECK(value["b"]["none"]["none"].at(3).is_null());
    CHECK(json::parse(R"({"a":{"b":["c"]}})")["a"]["b"].at(0).string() == "c");
    CHECK_FALSE(json::parse("18446744073709551616").integer());
}

TEST_CASE("strings are read, and written") {
    CHECK(json::parse(R"("\"\\\/\b\f\n\r\t")").string() == "\"\\/\b\f\n\r\t");
    CHECK(json::parse(R"("\u00f6\u20ac\ud83d\ude00z")").string() == "\xC3\xB6\xE2\x82\xAC\xF0\x9F\x98\x80z");
    CHECK(json::parse(R"("\u0000")").string() == std::string(1, '\0'));
    std::string all;
    for (char c = 0; c < 127; c++) all += c;
    all += "\xC3\xB6";
    CHECK(json::parse(json::quoted(all)).string() == all);
}

TEST_CASE("what is no JSON is null") {
    for (const char *text :
         {"", " ", "{", "[1", "[1,", R"({"a")", R"({"a":)", R"({"a":1)", R"({"a":1,})", "{1:2}", "[1]]", "1 2", "nul",
          R"("a)", R"("\)", R"("\x")", R"("\u12")", R"("\ud83d")", R"("\ude00")", R"("\ud83d\u0041")"})
        CHECK_MESSAGE(json::parse(text).is_null(), text);
    CHECK(json::parse(std::string(100, '[') + std::string(100, ']')).size() == 1);
    CHECK(json::parse(std::string(100000, '[') + std::string(100000, ']')).is_null());
}

TEST_CASE("the parts of a text are as they were written") {
    using machineid::detail::member;
    using machineid::detail::parts;
    auto found = parts(R"([{"a":"],\"[","b":[1,2]},"x,y",[],{}])");
    REQUIRE(found.size() == 4);
    CHECK(found[0] == R"({"a":"],\"[","b":[1,2]})");
    CHECK(found[1] == "\"x,y\"");
    CHECK(found[2] == "[]");
    CHECK(parts("[]").empty());
    CHECK(parts("").empty());
    CHECK(parts("[" + std::string(1000, '[') + std::string(1000, ']') + ",1]").size() == 2);
    CHECK(member(R"({"a":{"b":1},"b":null})", "b") == "null");
    CHECK(member(R"({"a":{"b":1}})", "b").empty());
}

TEST_CASE("a reply that cannot be read is empty, and has its text") {
    machineid::reply reply("no JSON");
    CHECK(reply.code().empty());
    CHECK(reply.request_id().empty());
    CHECK(reply["a"].is_null());
    CHECK(reply.text() == "no JSON");
}
