// One [[auth]] table as an auth::Method, checked key by key.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>

#include "auth/method_names.hpp"
#include "config/table_reader.hpp"
#include "config/url.hpp"
#include "plugins/manifest.hpp"
#include "text/nearest.hpp"

namespace handover::plugins {
namespace {

using auth::Method;
using config::in_quotes;
using config::TableReader;

// RFC 6749, 7636, 8628, OpenID Connect Core and RFC 9101: what the host itself puts into the two
// requests, or what would change how the answer comes back.
constexpr std::array<std::string_view, 12> host_authorize_params = {"client_id",
                                                                    "code_challenge",
                                                                    "code_challenge_method",
                                                                    "nonce",
                                                                    "redirect_uri",
                                                                    "request",
                                                                    "request_uri",
                                                                    "response_mode",
                                                                    "response_type",
                                                                    "scope",
                                                                    "state",
                                                                    "code"};
constexpr std::array<std::string_view, 8> host_token_params = {"client_id",
                                                               "code",
                                                               "code_verifier",
                                                               "device_code",
                                                               "grant_type",
                                                               "redirect_uri",
                                                               "refresh_token",
                                                               "state"};

constexpr std::string_view any_port_redirect = "http://127.0.0.1:0/callback";

bool is_variable(std::string_view name) {
    const auto fits = [](unsigned char c) {
        return c == '_' || (c < 0x80 && std::isalnum(c) != 0);
    };
    return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
           std::all_of(name.begin(), name.end(), fits);
}

// RFC 6901 section 3.
bool is_json_pointer(std::string_view text) {
    if (text.empty() || text.front() != '/') return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '~') continue;
        if (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
    }
    return true;
}

class Decoder {
public:
    explicit Decoder(TableReader& reader) : reader_(reader) {}

    Method decode() {
        identity();
        if (method_.kind == auth::Kind::oauth2) oauth2();
        if (method_.kind == auth::Kind::api_key) api_key();
        claims();
        attach();
        return std::move(method_);
    }

private:
    void identity() {
        method_.id = reader_.string("id").value_or("");
        if (!reader_.has("id")) reader_.missing("id");
        if (reader_.has("id") && !config::is_provider_name(method_.id)) {
            reader_.wrong("id", "must be letters, digits, '.', '_' or '-'");
        }
        method_.label = reader_.string("label").value_or("");
        if (!reader_.has("kind")) reader_.missing("kind");
        if (const auto kind = reader_.choice<auth::Kind>("kind", auth::kinds)) method_.kind = *kind;
        if (!reader_.has("billing")) reader_.missing("billing");
        if (const auto billing = reader_.choice<auth::Billing>("billing", auth::billings))
            method_.billing = *billing;
    }

    void api_key() {
        method_.env = reader_.strings("env").value_or(method_.env);
        for (const auto& name : method_.env) {
            if (!is_variable(name))
                reader_.wrong("env", in_quotes(name) + " is no name of a variable");
        }
    }

    void oauth2() {
        issuer();
        discovery();
        method_.client_id = reader_.string("client_id").value_or("");
        if (method_.client_id.empty()) reader_.missing("client_id");
        scopes();
        redirect_uris();
        authorize_params();
        encodings_and_nonce();
        device_flow();
        method_.terminal_errors =
            reader_.strings("terminal_errors").value_or(method_.terminal_errors);
        method_.refresh_lead = reader_.duration("refresh_lead");
        method_.claims_from = reader_.choice<auth::ClaimsFrom>("claims_from", auth::claim_sources)
                                  .value_or(method_.claims_from);
    }

    void issuer() {
        if (!reader_.has("issuer")) reader_.missing("issuer");
        method_.issuer = reader_.url("issuer").value_or("");
    }

    void discovery() {
        method_.discovery = reader_.choice<auth::Discovery>("discovery", auth::discoveries)
                                .value_or(method_.discovery);
        auto& declared = method_.endpoints;
        endpoint("authorization_endpoint", declared.authorization_endpoint);
        endpoint("token_endpoint", declared.token_endpoint);
        endpoint("revocation_endpoint", declared.revocation_endpoint);
        endpoint("device_authorization_endpoint", declared.device_authorization_endpoint);
        endpoint("device_token_endpoint", declared.device_token_endpoint);
        endpoint("verification_uri", declared.verification_uri);
        if (method_.discovery == auth::Discovery::first) return;
        const bool browser = reader_.has("authorization_endpoint");
        const bool device = reader_.has("device_authorization_endpoint");
        if (!reader_.has("token_endpoint") || !(browser || device)) {
            reader_.wrong(
                "discovery",
                "other than \"first\" needs token_endpoint and authorization_endpoint (or "
                "device_authorization_endpoint)");
        }
    }

    void endpoint(std::string_view key, std::optional<std::string>& target) {
        auto text = reader_.string(key);
        if (!text) return;
        constexpr std::string_view placeholder = "{issuer}";
        if (text->compare(0, placeholder.size(), placeholder) == 0) {
            if (method_.issuer.empty()) return;  // said already
            auto base = method_.issuer;
            while (base.back() == '/') base.pop_back();
            *text = base + text->substr(placeholder.size());
            // "{issuer}.example.com" would be another host.
            if (text->size() > base.size() && (*text)[base.size()] != '/') {
                return reader_.wrong(key, "must go on with '/' after {issuer}");
            }
        }
        const auto fault = config::url_fault(*text);
        if (!fault.empty()) return reader_.wrong(key, fault);
        target = std::move(*text);
    }

    void scopes() {
        if (!reader_.has("scopes")) reader_.missing("scopes");
        method_.scopes = reader_.strings("scopes").value_or(method_.scopes);
        for (const auto& scope : method_.scopes) {
            if (scope.empty() || scope.find(' ') != std::string::npos ||
                config::has_control(scope)) {
                reader_.wrong("scopes",
                              in_quotes(scope) + " is not one scope (RFC 6749 section 3.3)");
            }
        }
    }

    void redirect_uris() {
        method_.redirect_uris =
            reader_.strings("redirect_uris").value_or(std::vector{std::string(any_port_redirect)});
        if (method_.redirect_uris.empty()) reader_.wrong("redirect_uris", "must name at least one");
        for (const auto& uri : method_.redirect_uris) {
            const auto url = config::parse_url(uri);
            const bool fits = url && url->scheme == "http" && url->loopback() && url->port &&
                              !url->path.empty() && !url->has_query && !url->has_fragment &&
                              !url->has_userinfo;
            if (!fits) {
                reader_.wrong(
                    "redirect_uris",
                    in_quotes(uri) + " is not http://LOOPBACK:PORT/PATH (port 0: any free one)");
            }
        }
    }

    void authorize_params() {
        parameters("authorize_params", host_authorize_params, method_.authorize_params);
        parameters("token_params", host_token_params, method_.token_params);
    }

    void parameters(std::string_view key,
                    std::span<const std::string_view> host_owned,
                    std::map<std::string, std::string>& target) {
        target = reader_.string_map(key).value_or(target);
        for (const auto& entry : target) {
            if (std::find(host_owned.begin(), host_owned.end(), entry.first) != host_owned.end()) {
                reader_.wrong(key, "may not set " + in_quotes(entry.first) + ": the host does");
            }
        }
    }

    void encodings_and_nonce() {
        using auth::BodyEncoding;
        method_.refresh_encoding = reader_.choice<BodyEncoding>("refresh_encoding", auth::encodings)
                                       .value_or(BodyEncoding::form);
        method_.revocation_encoding =
            reader_.choice<BodyEncoding>("revocation_encoding", auth::encodings)
                .value_or(BodyEncoding::form);
        // Without the openid scope there is no ID token to carry a nonce.
        const auto& scopes = method_.scopes;
        const bool openid = std::find(scopes.begin(), scopes.end(), "openid") != scopes.end();
        method_.nonce = reader_.choice<auth::Nonce>("nonce", auth::nonces)
                            .value_or(openid ? auth::Nonce::require : auth::Nonce::none);
    }

    void device_flow() {
        method_.device_flow = reader_.choice<auth::DeviceFlow>("device_flow", auth::device_flows)
                                  .value_or(method_.device_flow);
        if (method_.device_flow != auth::DeviceFlow::codex) return;
        for (const std::string_view key : {"device_authorization_endpoint",
                                           "device_token_endpoint",
                                           "verification_uri",
                                           "token_endpoint"}) {
            if (!reader_.has(key))
                reader_.wrong("device_flow", "\"codex\" needs " + in_quotes(key));
        }
    }

    void claims() {
        method_.claims = reader_.string_map("claims").value_or(method_.claims);
        for (const auto& [name, pointer] : method_.claims) {
            if (!config::is_provider_name(name)) {
                reader_.wrong(
                    "claims",
                    "has a bad name " + in_quotes(name) + ": letters, digits, '.', '_', '-'");
            }
            if (!is_json_pointer(pointer)) {
                reader_.wrong("claims",
                              in_quotes(pointer) + " is no JSON pointer (\"/name\", RFC 6901)");
            }
        }
        if (method_.kind != auth::Kind::oauth2) return;
        method_.subject = reader_.string("subject").value_or("");
        if (!method_.subject.empty() && method_.claims.count(method_.subject) == 0) {
            reader_.not_among("subject", method_.subject, claim_names());
        }
    }

    void attach() {
        method_.attach = reader_.string_map("attach").value_or(default_attach());
        std::set<std::string> seen;
        for (const auto& [header, text] : method_.attach) {
            if (!config::is_token(header))
                reader_.wrong("attach", in_quotes(header) + " is no name of a header");
            if (config::is_host_owned_header(header)) {
                reader_.wrong("attach", "may not set " + in_quotes(header) + ": the host does");
            }
            std::string folded = header;
            std::transform(folded.begin(), folded.end(), folded.begin(), [](unsigned char c) {
                return static_cast<char>(std::tolower(c));
            });
            if (!seen.insert(folded).second)
                reader_.wrong("attach", "names " + in_quotes(header) + " twice");
            attach_template(header, text);
        }
    }

    [[nodiscard]] std::map<std::string, std::string> default_attach() const {
        if (method_.kind == auth::Kind::oauth2) return {{"Authorization", "Bearer {access_token}"}};
        if (method_.kind == auth::Kind::api_key) return {{"Authorization", "Bearer {api_key}"}};
        return {};
    }

    void attach_template(const std::string& header, std::string_view text) {
        if (text.empty())
            return reader_.wrong("attach", "gives " + in_quotes(header) + " no value");
        if (config::has_control(text)) {
            return reader_.wrong("attach", "has a control character in " + in_quotes(header));
        }
        while (!text.empty()) {
            const auto open = text.find_first_of("{}");
            if (open == std::string_view::npos) return;
            const auto close = text.find('}', open);
            if (text[open] == '}' || close == std::string_view::npos) {
                return reader_.wrong("attach", "has an unpaired brace in " + in_quotes(header));
            }
            placeholder(header, text.substr(open + 1, close - open - 1));
            text.remove_prefix(close + 1);
        }
    }

    void placeholder(const std::string& header, std::string_view name) {
        constexpr std::string_view claim = "claim:";
        if (name.substr(0, claim.size()) == claim) {
            const std::string wanted(name.substr(claim.size()));
            if (method_.claims.count(wanted) != 0) return;
            const auto hint = text::did_you_mean(wanted, claim_names());
            return reader_.wrong("attach",
                                 fmt::format("uses {} in {}, which [auth.claims] lacks.{}",
                                             in_quotes(wanted),
                                             in_quotes(header),
                                             hint));
        }
        const std::string_view own = method_.kind == auth::Kind::oauth2    ? "access_token"
                                     : method_.kind == auth::Kind::api_key ? "api_key"
                                                                           : "";
        if (!own.empty() && name == own) return;
        reader_.wrong(
            "attach",
            fmt::format("has an unknown placeholder {} in {}; this kind has {}{{claim:NAME}}",
                        in_quotes(name),
                        in_quotes(header),
                        own.empty() ? "" : fmt::format("{{{}}} and ", own)));
    }

    [[nodiscard]] std::vector<std::string> claim_names() const {
        std::vector<std::string> names;
        for (const auto& entry : method_.claims) names.push_back(entry.first);
        return names;
    }

    TableReader& reader_;
    Method method_;
};

}  // namespace

auth::Method decode_method(const config::Table& table, config::Problems& problems) {
    const auto* id = table.find("id");
    const auto* name = id == nullptr ? nullptr : std::get_if<std::string>(&id->data);
    TableReader reader(
        table, name == nullptr ? "[[auth]]" : "auth method " + in_quotes(*name), problems);
    auto method = Decoder(reader).decode();
    const auto known = std::find_if(auth::kinds.begin(), auth::kinds.end(), [&](const auto& kind) {
        const auto* value = table.find("kind");
        const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
        return text != nullptr && *text == kind.first;
    });
    // Without a kind nobody can say which keys belong there.
    if (known != auth::kinds.end()) reader.finish();
    return method;
}

Result<auth::Method> decode_method(const config::Table& table, Errc code) {
    config::Problems problems;
    auto method = decode_method(table, problems);
    if (!problems.empty()) return fail(problems.error(code, "mend what is named above"));
    return method;
}

}  // namespace handover::plugins
