#include "http/header_rules.hpp"

#include <catch2/catch.hpp>
#include <string>

using handover::http::is_header_value;
using handover::http::is_token;

TEST_CASE("names and values of headers") {
    CHECK(is_token("X-Team"));
    CHECK_FALSE(is_token(""));
    CHECK_FALSE(is_token("X Team"));
    CHECK_FALSE(is_token("X:"));
    CHECK_FALSE(is_token("X\xC3\xA9"));
    CHECK(is_header_value("a\tb \xC3\xA9"));
    CHECK(is_header_value(""));
    CHECK_FALSE(is_header_value("a\rb"));
    CHECK_FALSE(is_header_value("a\nb"));
    CHECK_FALSE(is_header_value(std::string_view("a\0b", 3)));
    CHECK_FALSE(is_header_value("a\x7F"));
}

TEST_CASE("each byte of a header's value counts, wherever it stands") {
    CHECK(is_header_value(""));
    for (const std::size_t size : {1U, 7U, 8U, 9U, 16U, 25U}) {
        for (std::size_t place = 0; place < size; ++place) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string value(size, 'x');
                value[place] = static_cast<char>(byte);
                // RFC 9110 section 5.5: no control character but the tabulator.
                const bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7F);
                if (is_header_value(value) != allowed) {
                    FAIL("byte " << byte << " at " << place << " of " << size);
                }
            }
        }
    }
    CHECK(is_header_value(std::string(7, '\t') + "\xC3\xA4\xFF~ z"));
}
