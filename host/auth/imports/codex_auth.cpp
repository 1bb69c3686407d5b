// The codex CLI's auth.json: which mode it is in, and what of it can be taken over.
#include <algorithm>
#include <array>

#include "auth/imports/imported_login.hpp"
#include "auth/imports/json_file.hpp"
#include "auth/oauth2/jwt.hpp"
#include "text/printable.hpp"

namespace handover::auth::imports {
namespace {

namespace json = boost::json;

Failure no_such_file(std::string reason) {
    return fail({.code = Errc::store_corrupt,
                 .message = "this is no auth.json of the codex CLI that could be imported",
                 .reason = std::move(reason),
                 .fix = "try again: codex may just have been writing it; else `codex login` writes "
                        "a new one"});
}

Failure no_login(std::string reason) {
    return fail({.code = Errc::auth_no_credential,
                 .message = "the codex CLI's auth.json holds no login",
                 .reason = std::move(reason),
                 .fix = "handover auth login codex"});
}

Failure other_mode(std::string mode, std::string reason) {
    return fail(
        {.code = Errc::auth_method_unsupported,
         .message = "a codex login of the mode \"" + std::move(mode) + "\" cannot be imported",
         .reason = std::move(reason),
         .fix = "handover auth login codex"});
}

struct OtherMode {
    std::string_view name;
    std::string_view reason;
};
constexpr std::array<OtherMode, 4> other_modes = {{
    {"chatgptAuthTokens",
     "its tokens belong to the application that runs codex, which alone can renew them"},
    {"agentIdentity", "it signs in with an agent's key, which Handover does not know how to use"},
    {"personalAccessToken",
     "it holds a personal access token, which Handover does not know how to use"},
    {"bedrockApiKey", "it holds a key for Amazon Bedrock, not for OpenAI"},
}};

// The mode that codex itself would be in where the file does not say: files older than auth_mode.
std::string implied_mode(const json::object& file) {
    if (is_present(file, "personal_access_token")) return "personalAccessToken";
    if (is_present(file, "bedrock_api_key") || is_present(file, "bedrock_access_keys"))
        return "bedrockApiKey";
    return is_present(file, "OPENAI_API_KEY") ? "apikey" : "chatgpt";
}

Result<ImportedLogin> read_key(const json::object& file) {
    bool wrong = false;
    ImportedLogin login;
    login.what = What::api_key;
    login.api_key = Secret(text_member(file, "OPENAI_API_KEY", wrong).value_or(""));
    if (wrong) return no_such_file("its OPENAI_API_KEY is not a text");
    if (login.api_key.empty()) return no_login("it is in the mode for API keys and has none");
    if (is_present(file, "tokens")) {
        login.note =
            "the file also holds a ChatGPT login, which codex does not use in this mode; "
            "it was left out";
    }
    return login;
}

// When codex last got tokens. Not after the token's own life, whatever a clock said.
std::optional<Time> obtained_at(const json::object& file, const Secret& access_token) {
    bool wrong = false;
    const auto written = text_member(file, "last_refresh", wrong);
    if (const auto time = written ? text::parse_rfc3339(*written) : std::nullopt) return time;
    const auto jwt = oauth2::decode_jwt(access_token.reveal());
    return jwt ? jwt->iat : std::nullopt;
}

Result<ImportedLogin> read_tokens(const json::object& file) {
    if (!is_present(file, "tokens")) return no_login("it has no `tokens`");
    const auto* tokens = file.at("tokens").if_object();
    if (tokens == nullptr) return no_such_file("its `tokens` are not an object");
    bool wrong = false;
    ImportedLogin login;
    login.access_token = Secret(text_member(*tokens, "access_token", wrong).value_or(""));
    login.refresh_token = Secret(text_member(*tokens, "refresh_token", wrong).value_or(""));
    login.id_token = Secret(text_member(*tokens, "id_token", wrong).value_or(""));
    const bool usable = is_token(login.access_token.reveal()) &&
                        is_token(login.refresh_token.reveal()) && is_token(login.id_token.reveal());
    if (wrong || !usable) return no_such_file("a token in it is not a text of visible characters");
    if (login.access_token.empty()) return no_login("its access token is empty");
    // Codex refuses the whole file then. That it has expired is no matter: it lives for an hour.
    if (!login.id_token.empty() && !oauth2::decode_jwt(login.id_token.reveal()))
        return no_such_file("its id_token is no JWT");
    login.expires_at = oauth2::expiry_of(login.access_token.reveal());
    login.obtained_at = obtained_at(file, login.access_token);
    return login;
}

}  // namespace

Result<ImportedLogin> parse_codex_auth(std::string_view text) {
    const auto file = parse_object(text);
    if (!file) return no_such_file("it is not a JSON object");
    bool wrong = false;
    const auto said = text_member(*file, "auth_mode", wrong);
    if (wrong) return no_such_file("its auth_mode is not a text");
    const auto mode = said ? *said : implied_mode(*file);
    if (mode == "chatgpt") return read_tokens(*file);
    if (mode == "apikey") return read_key(*file);
    const auto* known = std::find_if(other_modes.begin(),
                                     other_modes.end(),
                                     [&](const OtherMode& other) { return other.name == mode; });
    if (known != other_modes.end()) return other_mode(mode, std::string(known->reason));
    return other_mode(text::printable(mode, 60), "this mode is not known to Handover");
}

}  // namespace handover::auth::imports
