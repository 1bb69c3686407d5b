#include "sandbox/faults.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include "text/nearest.hpp"

namespace handover::sandbox {
namespace {

namespace json = boost::json;

// `once`: `true` strikes a single time, as the name of the fault says.
enum class Wants { nothing, once, number, text };

struct Known {
    std::string_view name;
    Wants wants;
};

// tests/sandbox/README.md describes each; a test keeps the two lists equal.
constexpr std::array known_faults = {
    Known{"authorize_deny", Wants::nothing},
    Known{"authorize_no_iss", Wants::nothing},
    Known{"authorize_wrong_iss", Wants::nothing},
    Known{"authorize_wrong_state", Wants::nothing},
    Known{"codex_error_codes", Wants::nothing},
    Known{"device_denied", Wants::nothing},
    Known{"device_disabled", Wants::nothing},
    Known{"device_expired", Wants::nothing},
    Known{"device_pending", Wants::nothing},
    Known{"device_slow_down", Wants::nothing},
    Known{"discovery_down", Wants::nothing},
    Known{"discovery_other_endpoints", Wants::nothing},
    Known{"echo_authorization", Wants::nothing},
    Known{"expires_in_text", Wants::nothing},
    Known{"id_token_alg_none", Wants::nothing},
    Known{"id_token_expired", Wants::nothing},
    Known{"id_token_wrong_aud", Wants::nothing},
    Known{"id_token_wrong_iss", Wants::nothing},
    Known{"id_token_wrong_nonce", Wants::nothing},
    Known{"model_401_once", Wants::once},
    Known{"model_429_usage_limit", Wants::number},
    Known{"model_delay_ms", Wants::number},
    Known{"model_drop_connection", Wants::nothing},
    Known{"model_drop_mid_stream", Wants::nothing},
    Known{"model_empty_output", Wants::nothing},
    Known{"model_error_event", Wants::text},
    Known{"model_html", Wants::number},
    Known{"model_rate_limit", Wants::nothing},
    Known{"model_slow_ms", Wants::number},
    Known{"model_status", Wants::number},
    Known{"no_expires_in", Wants::nothing},
    Known{"no_id_token", Wants::nothing},
    Known{"no_refresh_token", Wants::nothing},
    Known{"opaque_access_token", Wants::nothing},
    Known{"redirect_model", Wants::text},
    Known{"redirect_token", Wants::text},
    Known{"refresh_error", Wants::text},
    Known{"refresh_same_token", Wants::nothing},
    Known{"retry_after", Wants::number},
    Known{"revoke_status", Wants::number},
    Known{"token_delay_ms", Wants::number},
    Known{"token_drop_connection", Wants::nothing},
    Known{"token_half_answer", Wants::nothing},
    Known{"token_html", Wants::nothing},
    Known{"token_lose_answer", Wants::nothing},
    Known{"token_not_json", Wants::nothing},
    Known{"token_status", Wants::number},
};

const Known* find(std::string_view name) {
    const auto found = std::find_if(
        known_faults.begin(), known_faults.end(), [&](const Known& k) { return k.name == name; });
    return found == known_faults.end() ? nullptr : &*found;
}

Failure wrong(std::string message) {
    return fail({.code = Errc::usage,
                 .message = std::move(message),
                 .fix = "see the table of faults in tests/sandbox/README.md"});
}

Failure unknown(std::string_view name) {
    auto names = fault_names();
    names.emplace_back("reset");
    return wrong("unknown fault \"" + std::string(name) + "\"." + text::did_you_mean(name, names));
}

Result<void> set_value(Fault& fault, const Known& known, const json::value& value) {
    if (const auto* number = value.if_int64(); number != nullptr && *number >= 0) {
        (known.wants == Wants::number ? fault.number : fault.remaining) = *number;
        return {};
    }
    if (const auto* text = value.if_string(); text != nullptr && known.wants == Wants::text) {
        fault.text = std::string(*text);
        return {};
    }
    if (value == json::value(true)) {
        return {};
    }
    return wrong("fault \"" + std::string(known.name) + "\" does not take " +
                 json::serialize(value));
}

Result<void> set_counted(Fault& fault, const Known& known, const json::object& object) {
    for (const auto& [key, value] : object) {
        if (key == "count" && value.is_int64() && value.get_int64() >= 0) {
            fault.remaining = value.get_int64();
            continue;
        }
        if (key != "value") {
            return wrong("fault \"" + std::string(known.name) + "\": \"" + std::string(key) +
                         "\" is wrong here; \"count\" and \"value\" are known");
        }
        if (auto set = set_value(fault, known, value); !set) {
            return set;
        }
    }
    return {};
}

Result<Fault> decode(const Known& known, const json::value& value) {
    Fault fault{.remaining = known.wants == Wants::once ? 1 : -1};
    const auto* object = value.if_object();
    auto set =
        object != nullptr ? set_counted(fault, known, *object) : set_value(fault, known, value);
    if (!set) {
        return set.failure();
    }
    return fault;
}

}  // namespace

std::vector<std::string> fault_names() {
    std::vector<std::string> names;
    for (const auto& known : known_faults) names.emplace_back(known.name);
    return names;
}

Result<void> Faults::apply(std::string_view text) {
    boost::system::error_code error;
    const auto parsed = json::parse(text, error);
    if (error || !parsed.is_object()) {
        return wrong("faults are given as a JSON object");
    }
    const auto* reset = parsed.get_object().if_contains("reset");
    auto next = reset != nullptr && *reset == json::value(true) ? decltype(set_){} : set_;
    for (const auto& [name, value] : parsed.get_object()) {
        if (name == "reset") {
            continue;
        }
        const auto* known = find(name);
        if (known == nullptr) {
            return unknown(name);
        }
        if (value.is_null() || value == json::value(false)) {
            next.erase(std::string(name));
            continue;
        }
        auto fault = decode(*known, value);
        if (!fault) {
            return fault.failure();
        }
        next.insert_or_assign(std::string(name), *std::move(fault));
    }
    set_ = std::move(next);
    return {};
}

Result<void> Faults::apply_argument(std::string_view argument) {
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals);
    json::value value = true;
    if (equals != std::string_view::npos) {
        const auto text = argument.substr(equals + 1);
        boost::system::error_code error;
        value = json::parse(text, error);
        if (error) {
            value = json::string(text);
        }
    }
    return apply(json::serialize(json::object{{name, std::move(value)}}));
}

std::optional<Fault> Faults::strike(std::string_view name) {
    const auto found = set_.find(name);
    if (found == set_.end() || found->second.remaining == 0) {
        return std::nullopt;
    }
    auto fault = found->second;
    if (fault.remaining > 0 && --found->second.remaining == 0) {
        set_.erase(found);
    }
    return fault;
}

std::optional<Fault> Faults::peek(std::string_view name) const {
    const auto found = set_.find(name);
    return found == set_.end() ? std::nullopt : std::optional(found->second);
}

std::string Faults::to_json() const {
    json::object all;
    for (const auto& [name, fault] : set_) {
        json::object one;
        if (fault.remaining >= 0) {
            one["count"] = fault.remaining;
        }
        if (!fault.text.empty()) {
            one["value"] = fault.text;
        } else if (fault.number != 0) {
            one["value"] = fault.number;
        }
        all[name] = std::move(one);
    }
    return json::serialize(all);
}

}  // namespace handover::sandbox
