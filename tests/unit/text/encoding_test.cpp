#include "text/encoding.hpp"

#include <catch2/catch.hpp>

using namespace handover::text;

TEST_CASE("base64: RFC 4648 section 10") {
    CHECK(base64_encode("").empty());
    CHECK(base64_encode("f") == "Zg==");
    CHECK(base64_encode("fo") == "Zm8=");
    CHECK(base64_encode("foo") == "Zm9v");
    CHECK(base64_encode("foob") == "Zm9vYg==");
    CHECK(base64_encode("fooba") == "Zm9vYmE=");
    CHECK(base64_encode("foobar") == "Zm9vYmFy");
}

TEST_CASE("base64url: no padding, its own alphabet") {
    CHECK(base64url_encode("\xfb\xff") == "-_8");
    CHECK(base64url_decode("-_8") == "\xfb\xff");
    CHECK(base64url_decode("") == "");
    CHECK_FALSE(base64url_decode("A"));     // an impossible length
    CHECK_FALSE(base64url_decode("Zg=="));  // padding
    CHECK_FALSE(base64url_decode("a+/b"));  // the other alphabet
    for (std::size_t size = 0; size < 70; ++size) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 37 + size));
        CHECK(base64url_decode(base64url_encode(bytes)) == bytes);
    }
}

TEST_CASE("percent encoding") {
    CHECK(percent_encode("a-._~Z9") == "a-._~Z9");
    CHECK(percent_encode("a b/\xc3\xa9") == "a%20b%2F%C3%A9");
    CHECK(percent_decode("a%20b%2f") == "a b/");
    CHECK(percent_decode("a+b") == "a+b");
    CHECK_FALSE(percent_decode("%"));
    CHECK_FALSE(percent_decode("%4"));
    CHECK_FALSE(percent_decode("%zz"));
}

TEST_CASE("form encoding") {
    CHECK(form_encode({{"a", "1 2"}, {"b", "&="}}) == "a=1+2&b=%26%3D");
    CHECK(form_decode("a=1+2&b=%26%3D") == Parameters{{"a", "1 2"}, {"b", "&="}});
    CHECK(form_decode("a&b=") == Parameters{{"a", ""}, {"b", ""}});
    CHECK(form_decode("a=1&a=2") == Parameters{{"a", "1"}, {"a", "2"}});
    CHECK(form_decode("") == Parameters{});
    CHECK(form_decode("&&") == Parameters{});
    CHECK_FALSE(form_decode("a=%x"));
}
