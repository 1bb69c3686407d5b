// What a ResponseParser makes of an answer that comes in pieces. Shared by its tests and its fuzz
// target.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/response_parser.hpp"

namespace handover::test {

struct Transcript {
    std::string head = {};  // "200 Name=value Name=value"
    std::string body = {};
    std::string end = {};   // "end", "end, keeps alive", "open", or why it failed
    std::size_t taken = 0;  // bytes of the input up to the end
    std::size_t heads = 0;

    bool operator==(const Transcript&) const = default;
};

inline std::string describe_head(const http::ResponseHead& head) {
    auto text = std::to_string(head.status);
    for (const auto& header : head.headers) text += ' ' + header.name + '=' + header.value;
    return text;
}

// Takes one piece; true when the answer has ended.
inline bool take_piece(http::ResponseParser& parser, std::string_view piece, Transcript& into) {
    using Kind = http::ResponseParser::Kind;
    auto rest = piece;
    while (true) {
        const auto step = parser.next(rest);
        if (step.kind == Kind::head) {
            into.head = describe_head(parser.head());
            ++into.heads;
        } else if (step.kind == Kind::body) {
            into.body.append(step.bytes);
        } else if (step.kind == Kind::more) {
            into.taken += piece.size();
            return false;
        } else if (step.kind == Kind::end) {
            into.taken += piece.size() - rest.size();
            into.end = parser.keeps_alive() ? "end, keeps alive" : "end";
            return true;
        } else {
            into.taken = 0;  // differs with the cuts
            into.end = step.reason;
            return true;
        }
    }
}

// `size_of_next` says how long each piece is (at least 1); afterwards the connection is closed.
template <typename SizeOfNext>
Transcript read_answer(std::string_view bytes,
                       SizeOfNext size_of_next,
                       bool to_head_request = false) {
    http::ResponseParser parser;
    parser.begin(to_head_request);
    Transcript transcript;
    while (!bytes.empty()) {
        const auto piece = bytes.substr(0, size_of_next());
        if (take_piece(parser, piece, transcript)) return transcript;
        bytes.remove_prefix(piece.size());
    }
    const auto last = parser.close();
    transcript.end = last.kind == http::ResponseParser::Kind::end ? "end by close" : last.reason;
    return transcript;
}

}  // namespace handover::test
