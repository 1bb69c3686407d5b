#include "cli/exec_environment.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "text/printable.hpp"

namespace handover::cli {
namespace {

// Where OpenAI's clients, and what was made after them, look for a place or an identity.
constexpr const char* of_another_key[] = {"OPENAI_API_BASE",
                                          "OPENAI_ORG_ID",
                                          "OPENAI_ORGANIZATION",
                                          "OPENAI_PROJECT_ID",
                                          "OPENAI_PROJECT",
                                          "OPENAI_ADMIN_KEY",
                                          "OPENAI_CUSTOM_HEADERS"};

Failure usage(std::string message, std::string reason) {
    return fail({.code = Errc::usage,
                 .message = std::move(message),
                 .reason = std::move(reason),
                 .fix = "handover exec --help"});
}

bool is_name(std::string_view text) {
    const auto is_part = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    };
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
           std::all_of(text.begin(), text.end(), is_part);
}

// What a '{' opens: the text up to '}' where it is spelt like a placeholder.
std::optional<std::string_view> placeholder_at(std::string_view text) {
    const auto end = text.find('}');
    if (end == std::string_view::npos) return std::nullopt;
    const auto inner = text.substr(1, end - 1);
    const auto spelt = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':' || c == '-';
    };
    if (inner.empty() || !std::all_of(inner.begin(), inner.end(), spelt)) return std::nullopt;
    return inner;
}

Result<std::string> value_of(std::string_view placeholder, const ExecValues& values) {
    constexpr std::string_view claim = "claim:";
    std::string value;
    if (placeholder == "key") {
        value = values.key.reveal();
    } else if (placeholder == "base_url") {
        value = values.base_url;
    } else if (placeholder == "model") {
        value = values.model;
    } else if (placeholder.starts_with(claim)) {
        const auto found = values.claims.find(std::string(placeholder.substr(claim.size())));
        if (found != values.claims.end()) value = found->second;
    } else {
        return usage("--env: there is no {" + std::string(placeholder) + "}",
                     "known are {key}, {base_url}, {model} and {claim:NAME}");
    }
    if (value.empty())
        return usage("--env: this provider has no {" + std::string(placeholder) + "}", {});
    return value;
}

Result<Secret> expand(std::string_view text, const ExecValues& values) {
    std::string out;
    while (!text.empty()) {
        const auto placeholder = text.front() == '{' ? placeholder_at(text) : std::nullopt;
        if (!placeholder) {
            out.push_back(text.front());
            text.remove_prefix(1);
            continue;
        }
        auto value = value_of(*placeholder, values);
        if (!value) {
            wipe(out);
            return value.failure();
        }
        out += *value;
        wipe(*value);
        text.remove_prefix(placeholder->size() + 2);
    }
    return Secret(std::move(out));
}

Result<void> add(EnvironmentChanges& changes,
                 const std::string& assignment,
                 const ExecValues& values) {
    const auto equals = assignment.find('=');
    const auto name = assignment.substr(0, equals);
    if (equals == std::string::npos || !is_name(name)) {
        return usage("--env takes NAME=VALUE, where VALUE may hold {key} and {base_url}",
                     "\"" + text::printable(assignment, 80) + "\" is none");
    }
    const auto same = [&](const auto& other) { return other.first == name; };
    if (std::any_of(changes.set.begin(), changes.set.end(), same))
        return usage("--env names " + name + " twice", {});
    auto value = expand(std::string_view(assignment).substr(equals + 1), values);
    if (!value) return value.failure();
    changes.set.emplace_back(name, *std::move(value));
    return {};
}

}  // namespace

Result<EnvironmentChanges> exec_environment(const std::vector<std::string>& assignments,
                                            const ExecValues& values) {
    const std::vector<std::string> usual = {"OPENAI_API_KEY={key}", "OPENAI_BASE_URL={base_url}"};
    EnvironmentChanges changes;
    for (const auto& assignment : assignments.empty() ? usual : assignments) {
        if (auto added = add(changes, assignment, values); !added) return added.failure();
    }
    if (assignments.empty())
        changes.unset.assign(std::begin(of_another_key), std::end(of_another_key));
    return changes;
}

}  // namespace handover::cli
