#include "dialects/json_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <charconv>

namespace handover::dialects {
namespace {

void append_escaped(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::size_t plain = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text, plain, at - plain);
        plain = at + 1;
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += text[at];
        } else if (byte == '\n') {
            out += "\\n";
        } else {
            out += "\\u00";
            out += digits[byte >> 4U];
            out += digits[byte & 0xFU];
        }
    }
    out.append(text, plain);
}

// Line ends stand between tokens only: a valid string has none.
void append_on_one_line(std::string& out, std::string_view json) {
    const auto start = out.size();
    out += json;
    if (json.find('\n') == std::string_view::npos && json.find('\r') == std::string_view::npos)
        return;
    for (auto at = start; at < out.size(); ++at) {
        if (out[at] == '\n' || out[at] == '\r') out[at] = ' ';
    }
}

}  // namespace

bool JsonView::is_number() const {
    return !raw_.empty() && (raw_.front() == '-' || (raw_.front() >= '0' && raw_.front() <= '9'));
}

std::string_view JsonView::escaped() const {
    return is_string() ? raw_.substr(1, raw_.size() - 2) : std::string_view();
}

std::string JsonView::text() const {
    const auto inner = escaped();
    if (inner.find('\\') == std::string_view::npos) return std::string(inner);
    boost::system::error_code bad;
    const auto value = boost::json::parse(boost::json::string_view(raw_.data(), raw_.size()), bad);
    return bad || !value.is_string() ? std::string(inner)
                                     : std::string(std::string_view(value.get_string()));
}

bool JsonView::says(std::string_view wanted) const {
    if (!is_string()) return false;
    const auto inner = escaped();
    return inner == wanted || (inner.find('\\') != std::string_view::npos && text() == wanted);
}

std::optional<std::int64_t> JsonView::integer() const {
    std::int64_t number = 0;
    const auto* end = raw_.data() + raw_.size();
    const auto [rest, error] = std::from_chars(raw_.data(), end, number);
    return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

std::optional<double> JsonView::number() const {
    if (!is_number()) return std::nullopt;
    double number = 0;
    const auto* end = raw_.data() + raw_.size();
    const auto [rest, error] = std::from_chars(raw_.data(), end, number);
    return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

JsonView JsonObject::operator[](std::string_view name) const {
    for (const auto& member : members_) {
        if (member.name == name) return JsonView(member.value);
    }
    return {};
}

std::vector<JsonView> json_elements(JsonView array) {
    std::vector<JsonView> elements;
    for (const auto raw : run::raw_elements(array.raw())) elements.emplace_back(raw);
    return elements;
}

void JsonWriter::comma() {
    if (out_.empty()) return;
    const char last = out_.back();
    // The last one is the blank in an event's "data: ".
    if (last != '{' && last != '[' && last != ':' && last != ' ') out_ += ',';
}

JsonWriter& JsonWriter::open(char bracket) {
    comma();
    out_ += bracket;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    out_ += bracket;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    comma();
    append_on_one_line(out_, json);
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view text) {
    comma();
    out_ += '"';
    append_escaped(out_, text);
    out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::escaped(std::string_view escaped) {
    comma();
    out_ += '"';
    out_ += escaped;
    out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::number(std::int64_t number) {
    std::array<char, 24> digits = {};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    comma();
    out_.append(digits.data(), end);
    return *this;
}

JsonWriter& JsonWriter::member(std::string_view name, JsonView value) {
    return value ? key(name).raw(value.raw()) : *this;
}

std::string json_escaped(std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
}

}  // namespace handover::dialects
