#include "auth/refresh_record.hpp"

#include <array>
#include <boost/json.hpp>
#include <limits>

#include "crypto/crypto.hpp"

namespace handover::auth {
namespace {

namespace json = boost::json;

constexpr std::size_t fingerprint_digits = 32;
constexpr std::array<std::string_view, 5> fate_names = {
    "transient", "unknown", "terminal", "store_failed", "replaced"};

std::optional<json::object> parse_object(std::string_view text) {
    json::error_code error;
    auto value = json::parse(text, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

std::string text_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* string = value == nullptr ? nullptr : value->if_string();
    return string == nullptr ? std::string() : std::string(*string);
}

std::uint64_t number_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return 0;
    json::error_code error;
    const auto number = value->to_number<std::uint64_t>(error);
    return error ? 0 : number;
}

bool flag_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<RefreshFate> fate_named(std::string_view name) {
    for (std::size_t i = 0; i < fate_names.size(); ++i) {
        if (fate_names.at(i) == name) return static_cast<RefreshFate>(i);
    }
    return std::nullopt;
}

}  // namespace

std::string print_journal(const Journal& journal) {
    return json::serialize(json::object{{"fingerprint", journal.fingerprint},
                                        {"generation", journal.generation},
                                        {"at", text::format_rfc3339(journal.at)},
                                        {"resent", journal.resent}}) +
           "\n";
}

std::string print_record(const RefreshRecord& record) {
    return json::serialize(
               json::object{{"outcome", fate_names.at(static_cast<std::size_t>(record.fate))},
                            {"at", text::format_rfc3339(record.at)},
                            {"next_try", text::format_rfc3339(record.next_try)},
                            {"failures", record.failures},
                            {"generation", record.generation},
                            {"fingerprint", record.fingerprint},
                            {"code", record.code},
                            {"message", record.message}}) +
           "\n";
}

std::optional<Journal> parse_journal(std::string_view text) {
    const auto object = parse_object(text);
    if (!object) return std::nullopt;
    Journal journal = {.fingerprint = text_at(*object, "fingerprint"),
                       .generation = number_at(*object, "generation"),
                       .at = text::parse_rfc3339(text_at(*object, "at")).value_or(Time()),
                       .resent = flag_at(*object, "resent")};
    if (journal.fingerprint.empty()) return std::nullopt;
    return journal;
}

std::optional<RefreshRecord> parse_record(std::string_view text) {
    const auto object = parse_object(text);
    if (!object) return std::nullopt;
    const auto fate = fate_named(text_at(*object, "outcome"));
    const auto at = text::parse_rfc3339(text_at(*object, "at"));
    const auto next_try = text::parse_rfc3339(text_at(*object, "next_try"));
    const auto failures = number_at(*object, "failures");
    if (!fate || !at || !next_try || failures > 1'000'000) return std::nullopt;
    return RefreshRecord{.fate = *fate,
                         .at = *at,
                         .next_try = *next_try,
                         .failures = static_cast<int>(failures),
                         .generation = number_at(*object, "generation"),
                         .fingerprint = text_at(*object, "fingerprint"),
                         .code = text_at(*object, "code"),
                         .message = text_at(*object, "message")};
}

std::string fingerprint_of(const Secret& refresh_token) {
    return crypto::hex(crypto::sha256(refresh_token.reveal())).substr(0, fingerprint_digits);
}

}  // namespace handover::auth
