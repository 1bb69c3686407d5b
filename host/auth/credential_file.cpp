#include "auth/credential_file.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "text/encoding.hpp"

namespace handover::auth {
namespace {

namespace json = boost::json;

constexpr int format_version = 1;
constexpr std::string_view extension = ".json";

Failure corrupt(std::string reason) {
    return fail({.code = Errc::store_corrupt,
                 .message = "a credential file does not parse",
                 .reason = std::move(reason),
                 .fix = "handover auth login"});
}

// Reads members of one object; the first that is wrong is kept and the rest read as empty.
class Members {
public:
    explicit Members(const json::object& object) : object_(object) {}

    std::string text(std::string_view name) {
        const auto* value = present(name);
        if (value == nullptr) return {};
        if (const auto* string = value->if_string()) return std::string(*string);
        wrong(name, "a string");
        return {};
    }

    Secret secret(std::string_view name) { return Secret(text(name)); }

    std::optional<Time> time(std::string_view name) {
        const auto written = text(name);
        if (written.empty()) return std::nullopt;
        auto parsed = text::parse_rfc3339(written);
        if (!parsed) wrong(name, "an RFC 3339 time");
        return parsed;
    }

    std::vector<std::string> texts(std::string_view name) {
        const auto* value = present(name);
        if (value == nullptr) return {};
        std::vector<std::string> out;
        const auto* array = value->if_array();
        for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
            const auto* string = (*array)[i].if_string();
            if (string == nullptr) break;
            out.emplace_back(*string);
        }
        if (array == nullptr || out.size() != array->size()) wrong(name, "an array of strings");
        return out;
    }

    std::uint64_t number(std::string_view name) {
        const auto* value = present(name);
        if (value == nullptr) return 0;
        json::error_code error;
        const auto read = value->to_number<std::uint64_t>(error);
        if (error) wrong(name, "a whole number that is not negative");
        return error ? 0 : read;
    }

    std::optional<LoginNeeded> login_needed() {
        const auto* value = present("login_needed");
        if (value == nullptr) return std::nullopt;
        const auto* object = value->if_object();
        if (object == nullptr) {
            wrong("login_needed", "an object or null");
            return std::nullopt;
        }
        Members inner(*object);
        LoginNeeded needed = {.code = inner.text("code"), .at = inner.time("at").value_or(Time())};
        if (!inner.trouble_.empty()) trouble_ = "login_needed: " + inner.trouble_;
        return needed;
    }

    // The members that nobody asked for, as a JSON object; empty if there are none.
    [[nodiscard]] std::string unread() const {
        json::object rest;
        for (const auto& member : object_) {
            if (!read_.contains(std::string(member.key()))) rest.insert(member);
        }
        return rest.empty() ? std::string() : json::serialize(rest);
    }

    [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
    const json::value* present(std::string_view name) {
        read_.emplace(name);
        const auto* value = object_.if_contains(name);
        return value == nullptr || value->is_null() ? nullptr : value;
    }
    void wrong(std::string_view name, std::string_view wanted) {
        if (trouble_.empty())
            trouble_ = "`" + std::string(name) + "` is not " + std::string(wanted);
    }

    const json::object& object_;
    std::set<std::string> read_;
    std::string trouble_;
};

Credential read_members(Members& members) {
    Credential credential;
    credential.id.provider = members.text("provider");
    if (const auto account = members.text("account"); !account.empty())
        credential.id.account = account;
    credential.method = members.text("method");
    credential.access_token = members.secret("access_token");
    credential.refresh_token = members.secret("refresh_token");
    credential.id_token = members.secret("id_token");
    credential.api_key = members.secret("api_key");
    credential.token_type = members.text("token_type");
    credential.scopes = members.texts("scopes");
    credential.expires_at = members.time("expires_at");
    credential.obtained_at = members.time("obtained_at");
    credential.issuer = members.text("issuer");
    credential.client_id = members.text("client_id");
    credential.token_endpoint = members.text("token_endpoint");
    credential.origins = members.texts("origins");
    credential.generation = members.number("generation");
    credential.login_needed = members.login_needed();
    credential.unknown_members = members.unread();
    return credential;
}

// Why the members, each right in itself, do not make a credential; empty if they do.
std::string missing_in(const Credential& credential) {
    if (credential.id.provider.empty()) return "`provider` is missing";
    if (credential.method.empty()) return "`method` is missing";
    if (credential.access_token.empty() && credential.api_key.empty()) {
        return "neither `access_token` nor `api_key` is there";
    }
    return {};
}

void put_text(json::object& out, std::string_view name, std::string_view value) {
    if (!value.empty()) out[name] = value;
}

void put_time(json::object& out, std::string_view name, const std::optional<Time>& value) {
    if (value) out[name] = text::format_rfc3339(*value);
}

void put_texts(json::object& out, std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) out[name] = json::array(values.begin(), values.end());
}

bool plain(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

std::string encode_part(std::string_view part) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : part) {
        if (plain(c)) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(digits[byte >> 4U]);
        out.push_back(digits[byte & 15U]);
    }
    return out;
}

}  // namespace

Result<Credential> parse_credential(std::string_view text) {
    if (text.size() > longest_credential_file) return corrupt("it is longer than 1 MiB");
    json::error_code error;
    const json::parse_options strict = {.max_depth = 32};
    const auto value = json::parse(text, error, {}, strict);
    if (error) return corrupt("it is not JSON: " + error.message());
    const auto* object = value.if_object();
    if (object == nullptr) return corrupt("it is not a JSON object");
    Members members(*object);
    const auto version = members.number("version");
    auto credential = read_members(members);
    if (!members.trouble().empty()) return corrupt(members.trouble());
    if (version != format_version) return corrupt("`version` is not 1");
    if (auto missing = missing_in(credential); !missing.empty()) return corrupt(std::move(missing));
    return credential;
}

std::string print_credential(const Credential& credential) {
    json::object out;
    out["version"] = format_version;
    out["provider"] = credential.id.provider;
    out["account"] = credential.id.account;
    out["method"] = credential.method;
    put_text(out, "access_token", credential.access_token.reveal());
    put_text(out, "refresh_token", credential.refresh_token.reveal());
    put_text(out, "id_token", credential.id_token.reveal());
    put_text(out, "api_key", credential.api_key.reveal());
    put_text(out, "token_type", credential.token_type);
    put_texts(out, "scopes", credential.scopes);
    put_time(out, "expires_at", credential.expires_at);
    put_time(out, "obtained_at", credential.obtained_at);
    put_text(out, "issuer", credential.issuer);
    put_text(out, "client_id", credential.client_id);
    put_text(out, "token_endpoint", credential.token_endpoint);
    put_texts(out, "origins", credential.origins);
    out["generation"] = credential.generation;
    out["login_needed"] = nullptr;
    if (const auto& needed = credential.login_needed) {
        out["login_needed"] = {{"code", needed->code}, {"at", text::format_rfc3339(needed->at)}};
    }
    json::error_code error;
    const auto unknown =
        json::parse(credential.unknown_members.empty() ? "{}" : credential.unknown_members, error);
    if (!error && unknown.is_object()) {
        for (const auto& member : unknown.get_object())
            out.insert(member);  // never over a known one
    }
    return json::serialize(out) + "\n";
}

std::string file_stem(const CredentialId& id) {
    return encode_part(id.provider) + "@" + encode_part(id.account);
}

std::optional<CredentialId> id_of_file_name(std::string_view name) {
    if (!name.ends_with(extension)) return std::nullopt;
    name.remove_suffix(extension.size());
    const auto at = name.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    const auto provider = text::percent_decode(name.substr(0, at));
    const auto account = text::percent_decode(name.substr(at + 1));
    if (!provider || !account || provider->empty() || account->empty()) return std::nullopt;
    CredentialId id = {.provider = *provider, .account = *account};
    if (file_stem(id) != name) return std::nullopt;
    return id;
}

}  // namespace handover::auth
