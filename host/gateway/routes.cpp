#include "gateway/routes.hpp"

#include <algorithm>
#include <utility>

#include "http/header_rules.hpp"

namespace handover::gateway {

std::string_view ClientRequest::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const HeaderView& one) {
        return http::same_name(one.name, name);
    });
    return found == headers.end() ? std::string_view() : found->value;
}

void Routes::add(std::string_view method, std::string_view path, Answer answer) {
    const bool below = path.ends_with("/*");
    if (below) path.remove_suffix(1);
    routes_.push_back({.method = std::string(method),
                       .path = std::string(path),
                       .below = below,
                       .answer = std::move(answer)});
}

Routes::Match Routes::find(std::string_view method, std::string_view path) const {
    const auto wanted = method == "HEAD" ? std::string_view("GET") : method;
    Match match;
    for (const auto& route : routes_) {
        const bool here = route.below
                              ? path.size() > route.path.size() && path.starts_with(route.path)
                              : path == route.path;
        if (!here) continue;
        if (route.method == wanted) return {.answer = &route.answer, .allowed = {}};
        if (!match.allowed.empty()) match.allowed += ", ";
        match.allowed += route.method == "GET" ? "GET, HEAD" : route.method;
    }
    return match;
}

}  // namespace handover::gateway
