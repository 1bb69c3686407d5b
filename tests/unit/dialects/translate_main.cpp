// The translation as a program, for tests that read what it makes with the official clients:
//   dialects_translate request|answer|stream DIALECT [REQUEST] < in > out
// DIALECT is what comes in. REQUEST is a file with the client's own request: what the way back has
// to know is taken from it. Status 1: it was refused, and out is the error's members.
#include <fstream>
#include <iostream>
#include <iterator>

#include "dialects/json_text.hpp"
#include "dialects/stream.hpp"

using namespace handover;
using dialects::Dialect;

namespace {

const dialects::AnswerIdentity identity = {.seed = "0123456789abcdef", .created = 1700000000};

Dialect other(Dialect dialect) {
    return dialect == Dialect::responses ? Dialect::chat_completions : Dialect::responses;
}

std::string all_of(std::istream& in) {
    return {std::istreambuf_iterator<char>(in), {}};
}

int request(Dialect from, std::string_view body) {
    const auto result = dialects::translate_request(from, other(from), body, {});
    if (const auto* refused = std::get_if<dialects::Refusal>(&result)) {
        std::string text;
        dialects::JsonWriter out(text);
        out.open('{').key("message").text(refused->message).key("param").text(refused->param);
        out.key("code").text(refused->code).key("type").text("invalid_request_error").close('}');
        std::cout << text;
        return 1;
    }
    std::cout << std::get<dialects::TranslatedRequest>(result).body;
    return 0;
}

dialects::RequestFacts facts_of(Dialect client, const char* file) {
    std::ifstream in(file);
    const auto result = dialects::translate_request(client, other(client), all_of(in), {});
    const auto* translated = std::get_if<dialects::TranslatedRequest>(&result);
    return translated == nullptr ? dialects::RequestFacts() : translated->facts;
}

int answer(Dialect from, std::string_view text, const dialects::RequestFacts& facts) {
    const auto result = dialects::translate_answer(from, other(from), text, facts, identity);
    std::cout << (result ? *result : result.error().reason);
    return result ? 0 : 1;
}

int stream(Dialect from, std::string_view text, const dialects::RequestFacts& facts) {
    const auto translator = dialects::make_stream_translator(from, other(from), facts, identity);
    http::SseDecoder decoder;
    decoder.feed(text);
    std::string out;
    while (true) {
        const auto event = decoder.next();
        if (!event || !*event) break;
        translator->take(**event, out);
    }
    translator->finish(out);
    std::cout << out;
    return translator->failure() ? 1 : 0;
}

}  // namespace

int main(int count, char** words) {
    if (count < 3) return 2;
    const std::string_view what = words[1];
    const auto from = dialects::dialect_named(words[2]);
    if (!from) return 2;
    const auto in = all_of(std::cin);
    if (what == "request") return request(*from, in);
    const auto facts = count > 3 ? facts_of(other(*from), words[3]) : dialects::RequestFacts();
    if (what == "answer") return answer(*from, in, facts);
    return what == "stream" ? stream(*from, in, facts) : 2;
}
