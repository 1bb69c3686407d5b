#include "auth/resolution.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/binding.hpp"

namespace handover::auth {
namespace {

constexpr std::string_view gateway_key_prefix = "hok_";

class Choosing {
public:
    Choosing(const Target& target, const StoredSource& stored, const Environment& environment)
        : target_(target), stored_(stored), environment_(environment) {
        const auto* method = stored_method();
        subscription_stored_ = method != nullptr && method->billing == Billing::subscription;
    }

    Choice run(bool can_ask) {
        for (const auto& method : target_.methods) {
            if (method.kind == Kind::api_key) look_in_environment(method);
            if (method.kind != Kind::none) look_in_store(method);
            if (method.kind == Kind::none)
                offer(method, {}, true, excluded(method), "needs no credential");
        }
        for (const auto& method : target_.methods) {
            if (method.kind != Kind::api_key) continue;
            const auto why =
                can_ask ? excluded(method) : std::string("there is no terminal to ask on");
            offer(method, {.kind = SourceKind::prompt}, can_ask, why, "asks for a key");
        }
        if (choice_.winner == nullptr && !choice_.error) choice_.error = nothing_found();
        if (choice_.winner != nullptr) choice_.error.reset();
        return std::move(choice_);
    }

private:
    const Method* stored_method() const {
        if (!stored_.credential) return nullptr;
        const auto is_it = [&](const Method& method) {
            return method.id == stored_.credential->method;
        };
        const auto found = std::find_if(target_.methods.begin(), target_.methods.end(), is_it);
        return found == target_.methods.end() ? nullptr : &*found;
    }

    // Why the method is out of the question; empty if it is not.
    [[nodiscard]] std::string excluded(const Method& method) const {
        if (target_.auth_method) {
            return *target_.auth_method == method.id
                       ? ""
                       : fmt::format("auth_method pins {}", *target_.auth_method);
        }
        if (method.billing != Billing::metered) return {};
        if (subscription_stored_) {
            return fmt::format(
                "a stored subscription is never displaced by a metered source; set auth_method = "
                "\"{}\" to use it",
                method.id);
        }
        if (stored_.trouble && any_subscription()) {
            return "the stored credential cannot be read, and it may be a subscription";
        }
        return {};
    }

    [[nodiscard]] bool any_subscription() const {
        return std::any_of(
            target_.methods.begin(), target_.methods.end(), [](const Method& method) {
                return method.billing == Billing::subscription;
            });
    }

    // `why_not`: empty if it may win.
    bool offer(const Method& method,
               Source source,
               bool present,
               const std::string& why_not,
               std::string why) {
        const bool beaten = choice_.winner != nullptr || blocked_;
        const bool wins = present && why_not.empty() && !beaten;
        auto reason = !why_not.empty()    ? why_not
                      : present && beaten ? std::string("an earlier source wins")
                                          : std::move(why);
        choice_.candidates.push_back({.method = method.id,
                                      .source = source,
                                      .present = present,
                                      .wins = wins,
                                      .reason = std::move(reason)});
        if (!wins) return false;
        choice_.winner = &method;
        choice_.source = std::move(source);
        return true;
    }

    void look_in_environment(const Method& method) {
        const auto configured = target_.config_env.find(method.id);
        const bool by_config = configured != target_.config_env.end();
        for (const auto& name : by_config ? configured->second : method.env) {
            const Source source = {.kind = SourceKind::environment, .variable = name};
            const auto value = environment_ ? environment_(name) : std::nullopt;
            const auto key =
                without_white_space(value ? std::string_view(*value) : std::string_view());
            if (key.empty()) {
                offer(method, source, false, {}, "not set");
                continue;
            }
            if (offer(method, source, true, why_not_key(method, key, by_config), "set"))
                choice_.key = Secret(std::string(key));
        }
    }

    // Empty: a key from a variable may be used.
    [[nodiscard]] std::string why_not_key(const Method& method,
                                          std::string_view key,
                                          bool by_config) const {
        if (!by_config && !target_.manifest_env_applies)
            return "the plugin's variables do not count once the config has moved base_url to "
                   "another origin";
        const auto why_not = excluded(method);
        return why_not.empty() ? refused_key(key) : why_not;
    }

    void look_in_store(const Method& method) {
        const Source source = {.kind = SourceKind::stored};
        if (stored_.trouble) {
            offer(method,
                  source,
                  false,
                  {},
                  stored_.trouble->message + ": " + stored_.trouble->reason);
            return;
        }
        const bool present = stored_.credential && stored_.credential->method == method.id;
        const auto why_not = present ? excluded(method) : std::string();
        const auto differs =
            present ? mismatch(*stored_.credential, method, target_.origins) : std::nullopt;
        if (!differs || !why_not.empty()) {
            offer(method, source, present, why_not, present ? "stored" : "none is stored");
            return;
        }
        offer(method, source, true, "it was issued for something else: " + describe(*differs), {});
        if (choice_.winner != nullptr || blocked_ || method.kind != Kind::oauth2) return;
        blocked_ = true;  // a login is not passed over in silence
        choice_.error =
            Error{.code = Errc::auth_not_logged_in,
                  .message = "the stored login of " + target_.provider + " is not sent anywhere",
                  .reason = "it was issued for something else: " + describe(*differs),
                  .fix = login_command({target_.provider, target_.account})};
    }

    [[nodiscard]] Error nothing_found() const {
        if (stored_.trouble) return *stored_.trouble;
        std::string ways;
        std::optional<Kind> first;
        for (const auto& method : target_.methods) {
            if (target_.auth_method && *target_.auth_method != method.id) continue;
            if (method.kind == Kind::none) continue;
            if (!first) first = method.kind;
            ways += (ways.empty() ? "" : "  or  ") + way_in(method);
        }
        const bool login_first = first == Kind::oauth2;
        return {.code = login_first ? Errc::auth_not_logged_in : Errc::auth_no_credential,
                .message = login_first
                               ? fmt::format("nobody is logged in to {}", describe_account())
                               : fmt::format("there is no credential for {}", describe_account()),
                .reason = loser(),
                .fix = ways};
    }

    [[nodiscard]] std::string way_in(const Method& method) const {
        const auto login = login_command({target_.provider, target_.account});
        if (method.kind == Kind::oauth2) return login;
        const auto name = usable_variable(method);
        return name.empty() ? login + " --with-api-key" : fmt::format("export {}=...", name);
    }

    [[nodiscard]] std::string describe_account() const {
        return target_.account == "default"
                   ? target_.provider
                   : fmt::format("{} (account {})", target_.provider, target_.account);
    }

    [[nodiscard]] std::string usable_variable(const Method& method) const {
        const auto configured = target_.config_env.find(method.id);
        if (configured != target_.config_env.end() && !configured->second.empty())
            return configured->second.front();
        return target_.manifest_env_applies && !method.env.empty() ? method.env.front()
                                                                   : std::string();
    }

    // What was there and may not be used, if anything.
    [[nodiscard]] std::string loser() const {
        for (const auto& candidate : choice_.candidates) {
            if (candidate.present && candidate.source.kind != SourceKind::prompt) {
                return fmt::format(
                    "{} is there, but {}", candidate.source.text(), candidate.reason);
            }
        }
        return {};
    }

    const Target& target_;
    const StoredSource& stored_;
    const Environment& environment_;
    bool subscription_stored_ = false;
    bool blocked_ = false;
    Choice choice_;
};

std::string command_for(std::string_view verb, const CredentialId& id) {
    return "handover auth " + std::string(verb) + " " + id.provider +
           (id.account == "default" ? "" : " --account " + id.account);
}

}  // namespace

Choice choose(const Target& target,
              const StoredSource& stored,
              const Environment& environment,
              bool can_ask) {
    return Choosing(target, stored, environment).run(can_ask);
}

std::string refused_key(std::string_view key) {
    if (key.starts_with(gateway_key_prefix))
        return "it is a key of this program's own gateway (hok_)";
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    if (std::any_of(key.begin(), key.end(), is_control)) return "it holds control characters";
    return {};
}

std::string_view without_white_space(std::string_view text) {
    constexpr std::string_view white = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(white);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white) - first + 1);
}

std::string login_command(const CredentialId& id) {
    return command_for("login", id);
}

std::string refresh_command(const CredentialId& id) {
    return command_for("refresh", id);
}

}  // namespace handover::auth
