#include "auth/refresh_order.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include "auth/credential_file.hpp"

namespace handover::auth {
namespace {

namespace json = boost::json;

json::value optional_text(const std::optional<std::string>& text) {
    return text ? json::value(*text) : json::value(nullptr);
}

json::array list(const std::vector<std::string>& texts) {
    json::array out;
    for (const auto& text : texts) out.emplace_back(text);
    return out;
}

json::object print_method(const Method& method) {
    json::object params;
    for (const auto& [name, value] : method.token_params) params[name] = value;
    json::object claims;
    for (const auto& [name, pointer] : method.claims) claims[name] = pointer;
    return {{"id", method.id},
            {"issuer", method.issuer},
            {"discovery", static_cast<int>(method.discovery)},
            {"token_endpoint", optional_text(method.endpoints.token_endpoint)},
            {"revocation_endpoint", optional_text(method.endpoints.revocation_endpoint)},
            {"client_id", method.client_id},
            {"scopes", list(method.scopes)},
            {"token_params", std::move(params)},
            {"claims", std::move(claims)},
            {"subject", method.subject},
            {"refresh_encoding", static_cast<int>(method.refresh_encoding)},
            {"revocation_encoding", static_cast<int>(method.revocation_encoding)},
            {"terminal_errors", list(method.terminal_errors)}};
}

// A reader that remembers whether every member was there and of its type.
class Members {
public:
    explicit Members(const json::object& object) : object_(object) {}

    std::string text(std::string_view name) {
        const auto* member = object_.if_contains(name);
        if (member != nullptr && member->is_string()) return std::string(member->get_string());
        complete_ = false;
        return {};
    }
    std::optional<std::string> text_or_null(std::string_view name) {
        const auto* member = object_.if_contains(name);
        if (member != nullptr && member->is_null()) return std::nullopt;
        return text(name);
    }
    std::int64_t number(std::string_view name) {
        const auto* member = object_.if_contains(name);
        if (member != nullptr && member->is_int64()) return member->get_int64();
        complete_ = false;
        return 0;
    }
    bool flag(std::string_view name) {
        const auto* member = object_.if_contains(name);
        if (member != nullptr && member->is_bool()) return member->get_bool();
        complete_ = false;
        return false;
    }
    std::vector<std::string> texts(std::string_view name) {
        std::vector<std::string> out;
        const auto* member = object_.if_contains(name);
        complete_ = complete_ && member != nullptr && member->is_array();
        if (!complete_) return out;
        for (const auto& item : member->get_array()) {
            complete_ = complete_ && item.is_string();
            if (complete_) out.emplace_back(item.get_string());
        }
        return out;
    }
    std::map<std::string, std::string> map_of_texts(std::string_view name) {
        std::map<std::string, std::string> out;
        const auto* values = object(name);
        complete_ = complete_ && values != nullptr;
        if (!complete_) return out;
        for (const auto& [key, value] : *values) {
            complete_ = complete_ && value.is_string();
            if (complete_) out.emplace(key, std::string(value.get_string()));
        }
        return out;
    }
    const json::object* object(std::string_view name) {
        const auto* member = object_.if_contains(name);
        if (member != nullptr && member->is_object()) return &member->get_object();
        return nullptr;
    }
    void need(bool condition) { complete_ = complete_ && condition; }
    [[nodiscard]] bool complete() const { return complete_; }

private:
    const json::object& object_;
    bool complete_ = true;
};

std::optional<Method> parse_method(const json::object& object) {
    Members members(object);
    Method method;
    method.id = members.text("id");
    method.kind = Kind::oauth2;
    method.issuer = members.text("issuer");
    method.discovery =
        static_cast<Discovery>(std::clamp<std::int64_t>(members.number("discovery"), 0, 2));
    method.endpoints.token_endpoint = members.text_or_null("token_endpoint");
    method.endpoints.revocation_endpoint = members.text_or_null("revocation_endpoint");
    method.client_id = members.text("client_id");
    method.scopes = members.texts("scopes");
    method.token_params = members.map_of_texts("token_params");
    method.claims = members.map_of_texts("claims");
    method.subject = members.text("subject");
    method.refresh_encoding =
        members.number("refresh_encoding") == 0 ? BodyEncoding::form : BodyEncoding::json;
    method.revocation_encoding =
        members.number("revocation_encoding") == 0 ? BodyEncoding::form : BodyEncoding::json;
    method.terminal_errors = members.texts("terminal_errors");
    return members.complete() ? std::optional(std::move(method)) : std::nullopt;
}

std::optional<json::value> parse_object(std::string_view text) {
    json::error_code error;
    auto parsed = json::parse(json::string_view(text.data(), text.size()), error);
    if (error || !parsed.is_object()) return std::nullopt;
    return parsed;
}

json::value print_error(const std::optional<Error>& error) {
    if (!error) return nullptr;
    return json::object{{"code", code_name(error->code)},
                        {"message", error->message},
                        {"reason", error->reason},
                        {"fix", error->fix}};
}

std::optional<Error> parse_error(const json::object& object) {
    Members members(object);
    const auto name = members.text("code");
    const auto* const found = std::find(errc_names.begin(), errc_names.end(), name);
    members.need(found != errc_names.end());
    Error error{.code = static_cast<Errc>(found - errc_names.begin()),
                .message = members.text("message"),
                .reason = members.text("reason"),
                .fix = members.text("fix")};
    return members.complete() ? std::optional(std::move(error)) : std::nullopt;
}

}  // namespace

std::string print_order(const RefreshOrder& order) {
    return json::serialize(json::object{{"provider", order.work.id.provider},
                                        {"account", order.work.id.account},
                                        {"method", print_method(order.work.method)},
                                        {"origins", list(order.work.origins)},
                                        {"reason", static_cast<int>(order.work.reason)},
                                        {"folder", order.folder},
                                        {"cache", order.cache},
                                        {"proxy", order.proxy},
                                        {"ca_file", order.ca_file},
                                        {"log_level", order.log_level},
                                        {"log_format", order.log_format}});
}

std::optional<RefreshOrder> parse_order(std::string_view text) {
    const auto parsed = parse_object(text);
    if (!parsed) return std::nullopt;
    Members members(parsed->get_object());
    const auto* method = members.object("method");
    auto parsed_method = method == nullptr ? std::nullopt : parse_method(*method);
    if (!parsed_method) return std::nullopt;
    RefreshOrder order;
    order.work.id = {.provider = members.text("provider"), .account = members.text("account")};
    order.work.method = std::move(*parsed_method);
    order.work.origins = members.texts("origins");
    order.work.reason =
        static_cast<RefreshReason>(std::clamp<std::int64_t>(members.number("reason"), 0, 2));
    order.folder = members.text("folder");
    order.cache = members.text("cache");
    order.proxy = members.text("proxy");
    order.ca_file = members.text("ca_file");
    order.log_level = static_cast<int>(std::clamp<std::int64_t>(members.number("log_level"), 0, 3));
    order.log_format =
        static_cast<int>(std::clamp<std::int64_t>(members.number("log_format"), 0, 1));
    return members.complete() ? std::optional(std::move(order)) : std::nullopt;
}

std::string print_report(const RefreshReport& report) {
    json::value unsaved = nullptr;
    if (report.unsaved) unsaved = json::string(print_credential(*report.unsaved));
    return json::serialize(
        json::object{{"sent", report.sent},
                     {"refreshed", report.refreshed},
                     {"trouble", print_error(report.trouble)},
                     {"unsaved", std::move(unsaved)},
                     {"generation", static_cast<std::int64_t>(report.generation)},
                     {"log", report.log}});
}

std::optional<RefreshReport> parse_report(std::string_view text) {
    const auto parsed = parse_object(text);
    if (!parsed) return std::nullopt;
    Members members(parsed->get_object());
    RefreshReport report;
    report.sent = members.flag("sent");
    report.refreshed = members.flag("refreshed");
    if (const auto* trouble = members.object("trouble")) {
        report.trouble = parse_error(*trouble);
        members.need(report.trouble.has_value());
    }
    if (auto unsaved = members.text_or_null("unsaved")) {
        auto credential = parse_credential(*unsaved);
        wipe(*unsaved);
        members.need(credential.has_value());
        if (credential) report.unsaved = std::move(*credential);
    }
    report.generation = static_cast<std::uint64_t>(members.number("generation"));
    report.log = members.text("log");
    return members.complete() ? std::optional(std::move(report)) : std::nullopt;
}

}  // namespace handover::auth
