#include "plugins/prepare_answer.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "plugins/request_rules.hpp"

namespace handover::plugins {
namespace {

constexpr std::size_t most_headers = 100;
constexpr std::size_t longest_body = 256U << 20U;  // bytes
constexpr std::size_t longest_message = 2000;

// Runs a setter's work. Nothing may leave it: the plugin above it may be plain C.
template <typename Work>
void set(void* context, const Work& work) noexcept {
    auto& answer = *static_cast<PrepareAnswer*>(context);
    try {
        work(answer);
    } catch (const std::exception&) {           // the ABI's edge: memory is exhausted
        answer.breach.assign("out of memory");  // fits without allocating
    }
}

void copy_text(PrepareAnswer& answer,
               std::string& into,
               handover_string text,
               std::size_t most,
               const char* what) {
    const auto value = given(text);
    if (!value || value->size() > most) {
        answer.breach =
            fmt::format("it gave {} of {} bytes{}", what, text.size, value ? "" : " at no address");
        return;
    }
    into.assign(*value);
}

void set_method(void* context, handover_string method) noexcept {
    set(context, [&](PrepareAnswer& answer) {
        copy_text(answer, answer.request.method, method, 64, "a method");
    });
}

void set_path(void* context, handover_string path) noexcept {
    set(context, [&](PrepareAnswer& answer) {
        copy_text(answer, answer.request.path, path, 1U << 20U, "a path");
    });
}

void set_host(void* context, std::uint32_t index) noexcept {
    set(context, [&](PrepareAnswer& answer) { answer.request.host = index; });
}

void add_header(void* context, handover_string name, handover_string value) noexcept {
    set(context, [&](PrepareAnswer& answer) {
        if (answer.request.headers.size() == most_headers) {
            answer.breach = fmt::format("it set more than {} headers", most_headers);
            return;
        }
        constexpr std::size_t usual = 8;
        if (answer.request.headers.empty()) answer.request.headers.reserve(usual);
        auto& header = answer.request.headers.emplace_back();
        copy_text(answer, header.name, name, 1U << 20U, "a header name");
        copy_text(answer, header.value, value, 1U << 20U, "a header value");
    });
}

void set_body(void* context, handover_string body) noexcept {
    set(context, [&](PrepareAnswer& answer) {
        answer.request.forwards_body = false;
        copy_text(answer, answer.request.body, body, longest_body, "a body");
    });
}

void use_request_body(void* context) noexcept {
    set(context, [](PrepareAnswer& answer) { answer.request.forwards_body = true; });
}

void set_upstream_streams(void* context, std::uint32_t streams) noexcept {
    set(context, [&](PrepareAnswer& answer) { answer.request.upstream_streams = streams != 0; });
}

void set_message(void* context, handover_string message) noexcept {
    set(context, [&](PrepareAnswer& answer) {
        if (const auto text = given(message)) answer.message = text->substr(0, longest_message);
    });
}

}  // namespace

handover_prepare_output output_into(PrepareAnswer& answer) {
    return {.size = sizeof(handover_prepare_output),
            .reserved = 0,
            .context = &answer,
            .set_method = set_method,
            .set_path = set_path,
            .set_host = set_host,
            .add_header = add_header,
            .set_body = set_body,
            .use_request_body = use_request_body,
            .set_upstream_streams = set_upstream_streams,
            .set_message = set_message};
}

// The first rule that the answer breaks.
std::optional<std::string> breach_of(const PrepareAnswer& answer,
                                     std::size_t host_count,
                                     const std::vector<std::string>& owned_headers) {
    if (!answer.breach.empty()) return answer.breach;
    const auto& request = answer.request;
    if (auto breach = method_breach(request.method)) return breach;
    if (auto breach = path_breach(request.path)) return breach;
    if (request.host && *request.host >= host_count) {
        return fmt::format(
            "it chose host {}, but its manifest lists {}", *request.host, host_count);
    }
    for (const auto& header : request.headers) {
        if (auto breach = header_breach(header.name, header.value, owned_headers)) return breach;
    }
    return std::nullopt;
}

}  // namespace handover::plugins
