#include "auth/oauth2/callback.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "auth/oauth2/endpoint_url.hpp"
#include "text/encoding.hpp"
#include "text/printable.hpp"

namespace handover::auth::oauth2 {
namespace {

constexpr std::size_t longest_code = 8192;
constexpr std::string_view sign_in_again = "run the login again";

Failure invalid(std::string reason) {
    return fail({.code = Errc::auth_callback_invalid,
                 .message = "the redirect back from the sign-in page cannot be used",
                 .reason = std::move(reason),
                 .fix = std::string(sign_in_again)});
}

// RFC 9110 section 5.6.2
bool is_token_char(char c) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_visible(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

bool equal_without_case(std::string_view left, std::string_view right) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [&](char a, char b) {
        return lower(a) == lower(b);
    });
}

std::string_view trimmed(std::string_view text, std::string_view blank) {
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// The next line without its end (CRLF, or LF alone as RFC 9112 section 2.2 allows); nothing if no
// line end is there yet.
std::optional<std::string_view> take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

bool parse_request_line(std::string_view line, RequestHead& head) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return false;
    const auto target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
    if (!is_token(line.substr(0, first)) || !is_visible(target)) return false;
    head.method = line.substr(0, first);
    head.target = target;
    return true;
}

// False for a line that is no header, and for a second Host (RFC 9112 section 3.2).
bool parse_header_line(std::string_view line, RequestHead& head) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    if (!equal_without_case(line.substr(0, colon), "Host")) return true;
    if (!head.host.empty()) return false;
    const auto value = trimmed(line.substr(colon + 1), " \t");
    if (!is_visible(value)) return false;
    head.host = value;
    return true;
}

std::optional<std::string> find_parameter(const text::Parameters& parameters,
                                          std::string_view name) {
    const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto& entry) {
        return entry.first == name;
    });
    if (found == parameters.end()) return std::nullopt;
    return found->second;
}

bool has_repeated_name(const text::Parameters& parameters) {
    std::vector<std::string_view> names;
    names.reserve(parameters.size());
    for (const auto& [name, value] : parameters) names.push_back(name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// Path, repeated parameters and state: what must hold before anything else in the request is
// believed.
Result<text::Parameters> authentic_parameters(std::string_view target,
                                              const ExpectedCallback& expected) {
    if (target_path(target) != expected.path) return invalid("it went to another path");
    target = target.substr(0, target.find('#'));
    const auto question = target.find('?');
    const auto query =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    auto parameters = text::form_decode(query);
    if (!parameters) return invalid("its query is not well formed");
    if (has_repeated_name(*parameters)) return invalid("it gives a parameter twice");
    const auto state = find_parameter(*parameters, "state").value_or(std::string());
    if (expected.state.empty() || !equal_in_constant_time(state, expected.state)) {
        return fail({.code = Errc::auth_state_mismatch,
                     .message = "the redirect does not belong to this login",
                     .reason = state.empty() ? "it carries no state"
                                             : "its state is not the one that was sent",
                     .fix = std::string(sign_in_again) + " and finish it in the window it opens"});
    }
    return std::move(*parameters);
}

// RFC 9207 section 2.4
Result<void> check_issuer(const text::Parameters& parameters, const ExpectedCallback& expected) {
    const auto iss = find_parameter(parameters, "iss");
    if (!iss && expected.issuer_promised)
        return invalid("the issuer promises to name itself there, and did not");
    if (!iss || expected.issuer.empty() || *iss == expected.issuer) return {};
    return invalid("it names the issuer \"" + text::printable(*iss, 200) + "\", expected was \"" +
                   expected.issuer + "\"");
}

Failure refusal(const text::Parameters& parameters, const std::string& error) {
    const auto description =
        find_parameter(parameters, "error_description").value_or(std::string());
    auto words = text::printable(error, 100);
    if (!description.empty()) words += ": " + text::printable(description, 300);
    if (error == "access_denied") {
        return fail({.code = Errc::auth_denied,
                     .message = "the sign-in was refused",
                     .reason = "the authorization server says \"" + words + "\"",
                     .fix = "run the login again and allow the access"});
    }
    return invalid("the authorization server says \"" + words + "\"");
}

}  // namespace

HeadParse parse_request_head(std::string_view bytes) {
    HeadParse parse;
    auto rest = bytes;
    const auto request_line = take_line(rest);
    if (!request_line) return parse;
    parse.state = HeadState::malformed;
    if (!parse_request_line(*request_line, parse.head)) return parse;
    while (const auto line = take_line(rest)) {
        if (line->empty()) {
            parse.state = HeadState::complete;
            return parse;
        }
        if (!parse_header_line(*line, parse.head)) return parse;
    }
    parse.state = HeadState::need_more;
    return parse;
}

bool is_loopback_authority(std::string_view host, unsigned port) {
    const auto bracket = host.rfind(']');
    const auto colon = host.rfind(':');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
        return is_loopback_host(host);
    }
    const auto digits = host.substr(colon + 1);
    unsigned named = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), named);
    const bool number = error == std::errc() && end == digits.data() + digits.size();
    return number && named == port && is_loopback_host(host.substr(0, colon));
}

std::string_view target_path(std::string_view target) {
    return target.substr(0, target.find_first_of("?#"));
}

bool answers_our_request(std::string_view target, const ExpectedCallback& expected) {
    return authentic_parameters(target, expected).has_value();
}

Result<AuthorizationResponse> parse_callback(std::string_view target,
                                             const ExpectedCallback& expected) {
    const auto parameters = authentic_parameters(target, expected);
    if (!parameters) return parameters.failure();
    if (auto issuer = check_issuer(*parameters, expected); !issuer) return issuer.failure();
    if (const auto error = find_parameter(*parameters, "error"))
        return refusal(*parameters, *error);
    auto code = find_parameter(*parameters, "code").value_or(std::string());
    if (code.empty()) return invalid("it carries no code");
    if (code.size() > longest_code) return invalid("its code is longer than any real one");
    return AuthorizationResponse(Secret(std::move(code)));
}

Result<std::string> pasted_target(std::string_view text, const ExpectedCallback& expected) {
    const auto pasted = trimmed(text, " \t\r\n\"'<>");
    if (pasted.empty()) return invalid("nothing was pasted");
    if (pasted.starts_with("http://") || pasted.starts_with("https://")) {
        const auto path = pasted.find_first_of("/?#", pasted.find("://") + 3);
        return std::string(path == std::string_view::npos ? "/" : pasted.substr(path));
    }
    if (pasted.front() == '/') return std::string(pasted);
    if (pasted.find('=') == std::string_view::npos) {
        return invalid(
            "a bare code cannot be used, because its state cannot be checked; paste the whole "
            "address");
    }
    const auto query = pasted.front() == '?' ? pasted.substr(1) : pasted;
    return expected.path + "?" + std::string(query);
}

Result<AuthorizationResponse> parse_pasted(std::string_view text,
                                           const ExpectedCallback& expected) {
    auto target = pasted_target(text, expected);
    if (!target) return target.failure();
    auto response = parse_callback(*target, expected);
    wipe(*target);
    return response;
}

}  // namespace handover::auth::oauth2
