#include "dialects/json_validity.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <vector>

namespace handover::dialects {
namespace {

namespace json = boost::json;
using boost::system::error_code;

// JSON schemas of tools go down some dozens of levels.
constexpr std::size_t most_levels = 128;

// What basic_parser calls; takes everything and keeps nothing. Derived handlers look at names.
struct Ignore {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return true; }
    bool on_object_end(std::size_t, error_code&) { return true; }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t, error_code&) { return true; }
    bool on_key_part(json::string_view, std::size_t, error_code&) { return true; }
    bool on_key(json::string_view, std::size_t, error_code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, error_code&) { return true; }
    bool on_number_part(json::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, error_code&) { return true; }
    bool on_double(double, json::string_view, error_code&) { return true; }
    bool on_bool(bool, error_code&) { return true; }
    bool on_null(error_code&) { return true; }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }
};

// Also compares the names of each object.
class UniqueNames : public Ignore {
public:
    bool on_object_begin(error_code&) {
        starts_.push_back(names_.size());
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, error_code&) {
        name_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view rest, std::size_t, error_code&) {
        name_.append(rest.data(), rest.size());
        names_.push_back(std::move(name_));
        name_.clear();
        return true;
    }
    bool on_object_end(std::size_t, error_code& failed) {
        const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(starts_.back());
        std::sort(begin, names_.end());
        const auto twice = std::adjacent_find(begin, names_.end());
        if (twice != names_.end()) {
            twice_ = JsonProblem{.message = "a member stands twice in one object",
                                 .member = std::move(*twice)};
            failed = json::error::extra_data;  // any: what counts is twice()
            return false;
        }
        names_.erase(begin, names_.end());
        starts_.pop_back();
        return true;
    }
    [[nodiscard]] const std::optional<JsonProblem>& twice() const { return twice_; }

private:
    std::vector<std::string> names_ = {};   // of all objects that are open, outermost first
    std::vector<std::size_t> starts_ = {};  // where each object's names begin
    std::string name_ = {};
    std::optional<JsonProblem> twice_ = {};
};

template <typename Handler>
error_code parse(json::basic_parser<Handler>& parser, std::string_view text) {
    error_code failed;
    const auto used = parser.write_some(false, text.data(), text.size(), failed);
    if (!failed && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos)
        failed = json::error::extra_data;
    return failed;
}

json::parse_options options() {
    json::parse_options limits;
    limits.max_depth = most_levels;
    return limits;
}

}  // namespace

std::optional<JsonProblem> json_problem(std::string_view text) {
    json::basic_parser<UniqueNames> parser(options());
    const auto failed = parse(parser, text);
    if (!failed) return std::nullopt;
    if (const auto& twice = parser.handler().twice()) return twice;
    if (failed == json::error::too_deep)
        return JsonProblem{.message = "the JSON is nested more than 128 levels deep"};
    return JsonProblem{.message = "the body is not valid JSON: " + failed.message()};
}

bool is_json(std::string_view text) {
    json::basic_parser<Ignore> parser(options());
    return !parse(parser, text);
}

}  // namespace handover::dialects
