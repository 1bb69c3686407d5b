#include "secret/secret.hpp"

#include <catch2/catch.hpp>

#include <type_traits>

#include "text/encoding.hpp"

using handover::redact;
using handover::Secret;

TEST_CASE("a live secret is redacted in every encoding, at every offset") {
    const std::string value = "sandbox-token/+? 42";
    const Secret secret{std::string(value)};
    CHECK(redact("Bearer " + value + "!") == "Bearer [redacted]!");
    CHECK(redact("t=" + handover::text::percent_encode(value)) == "t=[redacted]");
    for (std::size_t before = 0; before < 4; ++before) {
        for (std::size_t after = 0; after < 4; ++after) {
            const auto wrapped = std::string(before, 'x') + value + std::string(after, 'y');
            CAPTURE(before, after);
            CHECK(redact(handover::text::base64_encode(wrapped)).find("[redacted]") !=
                  std::string::npos);
            CHECK(redact(handover::text::base64url_encode(wrapped)).find("[redacted]") !=
                  std::string::npos);
        }
    }
}

TEST_CASE("a secret that is gone is no longer known") {
    const std::string value = "sandbox-short-lived";
    {
        const Secret secret{std::string(value)};
        const auto copy =
            secret;  // NOLINT(performance-unnecessary-copy-initialization): the copy is the subject
        CHECK(copy.reveal() == value);
        CHECK(redact(value) == "[redacted]");
    }
    CHECK(redact(value) == value);
}

TEST_CASE("ordinary words are left alone") {
    const Secret secret{std::string("abc")};
    CHECK(redact("abc") == "abc");
    const Secret empty;
    CHECK(empty.empty());
    CHECK(redact("x").size() == 1);
}

TEST_CASE("a text that is no longer than a secret's encoding is looked through all the same") {
    for (std::size_t size = 6; size < 40; ++size) {
        CAPTURE(size);
        const std::string value = std::string(size - 1, 'q') + '~';
        const handover::Secret live(std::string{value});
        CHECK(redact(value) == "[redacted]");
        for (const auto& encoded :
             {handover::text::base64_encode(value), handover::text::base64url_encode(value)})
            CHECK(redact(encoded).find("[redacted]") != std::string::npos);
    }
}

TEST_CASE("comparison") {
    CHECK(Secret{std::string("same")} == Secret{std::string("same")});
    CHECK_FALSE(Secret{std::string("same")} == Secret{std::string("sane")});
    CHECK_FALSE(Secret{std::string("same")} == Secret{std::string("same ")});
    CHECK(Secret{} == Secret{std::string()});
}
