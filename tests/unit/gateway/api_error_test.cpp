#include "gateway/api_error.hpp"

#include <catch2/catch.hpp>

using handover::gateway::error_body;

TEST_CASE("an error is UTF-8 whatever it repeats") {
    struct Case {
        std::string said;
        const char* told;
    };
    const Case cases[] = {
        {"caf\xC3\xA9", "caf\xC3\xA9"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"a\xC3", "a\xEF\xBF\xBD"},
        {"\xED\xA0\x80z", "\xEF\xBF\xBDz"},  // half of a surrogate pair
        {std::string("a\0b\x1B[1m", 7), "ab[1m"},
        {"two\nlines", "two lines"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.told) {
            CHECK(error_body({.message = c.said, .param = c.said}, "req_1") ==
                  std::string(R"({"error":{"message":")") + c.told +
                      R"(","type":"invalid_request_error","param":")" + c.told +
                      R"(","code":null,"request_id":"req_1"}})" + "\n");
        }
    }
    const auto long_one = error_body({.message = std::string(100'000, 'x')}, "req_1");
    CHECK(long_one.size() < 5000);
}
