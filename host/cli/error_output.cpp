#include "cli/error_output.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "secret/secret.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

// Room for a list of choices or a parser's excerpt; longer text is somebody else's page.
constexpr std::size_t longest_part = 2000;

std::string clean(const std::string& part) {
    return text::printable(redact(part), longest_part);
}

}  // namespace

std::string error_text(const Error& error, bool color) {
    const auto* label = color ? "\033[1;31merror:\033[0m" : "error:";
    auto out = fmt::format("{} {} [{}]\n", label, clean(error.message), code_name(error.code));
    if (!error.reason.empty()) out += fmt::format("  reason: {}\n", clean(error.reason));
    if (!error.fix.empty()) out += fmt::format("  fix: {}\n", clean(error.fix));
    return out;
}

std::string error_json(const Error& error) {
    const boost::json::object body = {{"code", code_name(error.code)},
                                      {"message", clean(error.message)},
                                      {"reason", clean(error.reason)},
                                      {"fix", clean(error.fix)}};
    return boost::json::serialize(boost::json::object{{"error", body}}) + "\n";
}

}  // namespace handover::cli
