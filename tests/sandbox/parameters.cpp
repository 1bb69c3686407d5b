#include "sandbox/parameters.hpp"

#include <boost/json.hpp>

namespace handover::sandbox {
namespace {

namespace json = boost::json;

text::Parameters read_json(std::string_view body) {
    boost::system::error_code error;
    const auto parsed = json::parse(body, error);
    text::Parameters parameters;
    if (error || !parsed.is_object()) {
        return parameters;
    }
    for (const auto& [name, member] : parsed.get_object()) {
        if (member.is_string()) {
            parameters.emplace_back(std::string(name), std::string(member.get_string()));
        }
    }
    return parameters;
}

}  // namespace

text::Parameters read_parameters(const Request& request) {
    if (request.method == "GET") {
        return text::form_decode(request.query).value_or(text::Parameters{});
    }
    if (header(request, "content-type").substr(0, 16) == "application/json") {
        return read_json(request.body);
    }
    return text::form_decode(request.body).value_or(text::Parameters{});
}

std::string value(const text::Parameters& parameters, std::string_view name) {
    for (const auto& [key, found] : parameters) {
        if (key == name) {
            return found;
        }
    }
    return {};
}

}  // namespace handover::sandbox
