// Runs the translation, and brings JSON into a form in which it can be compared.
#pragma once

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/stream.hpp"

namespace handover::test {

namespace json = boost::json;

// Catch2 indents what follows a colon, and loops for ever where it stands beyond the line's end.
inline std::string section(std::string name) {
    const auto colon = name.find(": ");
    return colon == std::string::npos ? name : name.replace(colon, 2, " - ");
}

inline json::value parsed(std::string_view text) {
    boost::system::error_code bad;
    auto value = json::parse(json::string_view(text.data(), text.size()), bad);
    INFO(text);
    REQUIRE_FALSE(bad);
    return value;
}

// `members` laid over `base`; null takes a member away only where `base` has it.
inline json::object laid_over(json::object base, std::string_view members) {
    const auto over = parsed(members);
    for (const auto& member : over.as_object()) base[member.key()] = member.value();
    return base;
}

inline std::vector<std::string> lines(std::string_view text) {
    std::vector<std::string> all;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (end != 0) all.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

inline const dialects::AnswerIdentity identity = {.seed = "SEED", .created = 1700000000};

// How a stream's bytes are cut on their way to the decoder: how many of the rest come next.
using Cut = std::function<std::size_t(std::size_t rest)>;
inline std::size_t whole(std::size_t rest) {
    return rest;
}
inline std::size_t byte_by_byte(std::size_t /*rest*/) {
    return 1;
}

// The stream's events translated, to its end and after it.
inline std::string translated(dialects::Dialect from,
                              std::string_view stream,
                              const dialects::RequestFacts& facts = {},
                              const Cut& cut = whole) {
    const auto to = from == dialects::Dialect::responses ? dialects::Dialect::chat_completions
                                                         : dialects::Dialect::responses;
    const auto translator = dialects::make_stream_translator(from, to, facts, identity);
    http::SseDecoder decoder;
    std::string out;
    while (!stream.empty()) {
        const auto size = cut(stream.size());
        decoder.feed(stream.substr(0, size));
        stream.remove_prefix(size);
        while (true) {
            const auto event = decoder.next();
            REQUIRE(event);
            if (!*event) break;
            translator->take(**event, out);
        }
    }
    translator->finish(out);
    CHECK(translator->ended());
    const auto size = out.size();
    translator->finish(out);
    translator->fail({.message = "too late"}, out);
    CHECK(out.size() == size);
    return out;
}

// The data of each event; each has exactly one line of it, and the name that its data says.
inline std::vector<std::string> events_of(std::string_view stream) {
    std::vector<std::string> all;
    http::SseDecoder decoder;
    decoder.feed(stream);
    while (true) {
        const auto event = decoder.next();
        REQUIRE(event);
        if (!*event) return all;
        all.emplace_back((*event)->data);
        CHECK(all.back().find('\n') == std::string::npos);
        if (!(*event)->type.empty())
            CHECK(std::string_view(parsed(all.back()).at("type").as_string()) == (*event)->type);
    }
}

}  // namespace handover::test
