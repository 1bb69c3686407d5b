// An upstream's whole answer, written again in the dialect that the client speaks. Pure.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/dialect.hpp"
#include "dialects/request.hpp"

namespace handover::dialects {

// What an answer needs and neither request nor upstream may give.
struct AnswerIdentity {
    // Unique to the answer: [A-Za-z0-9]{16,40}. Ids of the upstream are kept where there are any.
    std::string seed = {};
    std::int64_t created = 0;  // seconds since the epoch; the upstream's own counts if it gives one
};

struct Usage {
    std::int64_t input = 0;
    std::int64_t cached = 0;                       // of the input
    std::optional<std::int64_t> cache_write = {};  // of the input
    std::int64_t output = 0;
    std::int64_t reasoning = 0;  // of the output
    std::int64_t total = 0;

    bool operator==(const Usage&) const = default;
};

// A failure as both dialects say it.
struct AnswerFailure {
    std::string message = {};
    std::string type = "server_error";
    std::string code = {};   // empty: null
    std::string param = {};  // empty: null
};

// The usage that a whole answer or a stream's last events state, in either dialect; nothing where
// it is not stated.
std::optional<Usage> usage_of(Dialect dialect, std::string_view answer);

// `answer` is the upstream's object (a stream's, once collected), in dialect `from`.
// PROVIDER_UNAVAILABLE if it is none; PROVIDER_REJECTED with the upstream's words if it is a
// response that failed.
Result<std::string> translate_answer(Dialect from,
                                     Dialect to,
                                     std::string_view answer,
                                     const RequestFacts& facts,
                                     const AnswerIdentity& identity);

}  // namespace handover::dialects
