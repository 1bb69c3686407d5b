// What the front's parser makes of a connection's bytes, as text: the unit tests and the fuzz
// target compare it for different cuts of one input.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include "gateway/request_parser.hpp"

namespace handover::gateway {

inline std::string describe(const RequestHead& head) {
    std::string out = std::string(head.method) + ' ' + std::string(head.path);
    if (!head.query.empty()) out += '?' + std::string(head.query);
    if (head.http_1_0) out += " 1.0";
    if (!head.keep_alive) out += " close";
    if (head.expects_continue) out += " expects";
    for (const auto& [name, value] : head.headers)
        out += '|' + std::string(name) + '=' + std::string(value);
    return out;
}

// One line for each request, with its body; a refusal ends it. `step` says how many bytes come
// next, at least 1.
inline std::string transcript(std::string_view bytes,
                              const std::function<std::size_t()>& step,
                              std::uint64_t most_body = 1000,
                              const ParserLimits& limits = {}) {
    RequestParser parser(limits);
    std::string out;
    const auto settle = [&] {
        if (parser.state() == RequestParser::State::judge) {
            out += describe(parser.head());
            parser.take_body(most_body);
        }
        if (parser.state() == RequestParser::State::complete) {
            out += " body=" + parser.body() + '\n';
            parser.reset();
        }
    };
    while (!bytes.empty() && parser.state() != RequestParser::State::refused) {
        auto piece = bytes.substr(0, std::max<std::size_t>(step(), 1));
        bytes.remove_prefix(piece.size());
        while (!piece.empty() && parser.state() != RequestParser::State::refused) {
            piece.remove_prefix(parser.feed(piece));
            settle();
        }
    }
    if (parser.state() == RequestParser::State::refused) {
        out += " refused " + std::to_string(parser.refusal().status);
    } else if (parser.begun()) {
        out += " unfinished";
    }
    return out;
}

}  // namespace handover::gateway
