#include "dialects/call_ids.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace handover::dialects {
namespace {

constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view prefix = "call_";

// FNV-1a, 64 bits: within one request a handful of ids has to stay apart.
std::uint64_t hash(std::string_view text) {
    std::uint64_t value = 0xcbf29ce484222325U;
    for (const char c : text) {
        value ^= static_cast<unsigned char>(c);
        value *= 0x100000001b3U;
    }
    return value;
}

std::string digest(std::string_view id, std::size_t length) {
    auto value = hash(id);
    std::string text;
    while (text.size() < length) {
        if (value == 0) value = hash(text + std::string(id));
        text += letters[value % letters.size()];
        value /= letters.size();
    }
    return text;
}

bool is_alphanumeric(std::string_view id) {
    return std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace

std::string fitting_call_id(std::string_view id, const CallIdRule& rule) {
    if (rule.exact != 0) {
        return id.size() == rule.exact && is_alphanumeric(id) ? std::string(id)
                                                              : digest(id, rule.exact);
    }
    if (rule.most == 0 || id.size() <= rule.most) return std::string(id);
    constexpr std::size_t enough = 24;
    return std::string(prefix) + digest(id, std::min(enough, rule.most - prefix.size()));
}

std::string CallIds::unique(const std::string& id,
                            const AnswerIdentity& identity,
                            std::size_t index) {
    if (!id.empty() && given_.insert(id).second) return id;
    auto made = std::string(prefix) + identity.seed + "_" + std::to_string(index);
    given_.insert(made);
    return made;
}

}  // namespace handover::dialects
