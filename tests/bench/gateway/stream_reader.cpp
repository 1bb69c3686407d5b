#include "stream_reader.hpp"

#include <algorithm>

#include "stream_event.hpp"

namespace handover::bench {

bool StreamReader::feed(std::string_view bytes, std::vector<std::int64_t>& stamps) {
    while (!bytes.empty()) {
        if (state_ == State::ended) return false;
        if (state_ == State::data)
            read_data(bytes, stamps);
        else if (state_ == State::head ? !read_head(bytes) : !read_line(bytes))
            return false;
    }
    return true;
}

bool StreamReader::read_head(std::string_view& bytes) {
    const auto had = head_.size();
    head_.append(bytes);
    const auto end = head_.find("\r\n\r\n", had < 3 ? 0 : had - 3);
    if (end == std::string::npos) {
        bytes = {};
        return true;
    }
    bytes.remove_prefix(end + 4 - had);
    head_.resize(end + 4);
    return choose_framing();
}

bool StreamReader::choose_framing() {
    constexpr std::string_view length = "\r\ncontent-length: ";
    auto lower = head_;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (!lower.starts_with("http/1.1 200 ")) return false;
    state_ = State::size;
    if (lower.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos) return true;
    const auto at = lower.find(length);
    if (at == std::string::npos) return false;
    const auto* const digits = lower.data() + at + length.size();
    counted_ = std::from_chars(digits, lower.data() + lower.size(), left_).ec == std::errc();
    state_ = left_ == 0 ? State::ended : State::data;
    return counted_;
}

// A line of the framing: a chunk's size, the line end after its data, or the one after the last
// chunk.
bool StreamReader::read_line(std::string_view& bytes) {
    const auto end = bytes.find('\n');
    framing_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end == std::string_view::npos) return true;
    const bool understood = end_framing();
    framing_.clear();
    return understood;
}

bool StreamReader::end_framing() {
    if (state_ == State::last_line || state_ == State::after_data) {
        state_ = state_ == State::last_line ? State::ended : State::size;
        return framing_ == "\r";
    }
    const auto* const end = framing_.data() + framing_.size();
    const auto parsed = std::from_chars(framing_.data(), end, left_, 16);
    state_ = left_ == 0 ? State::last_line : State::data;
    return parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '\r';
}

void StreamReader::read_data(std::string_view& bytes, std::vector<std::int64_t>& stamps) {
    auto data = bytes.substr(0, left_);
    bytes.remove_prefix(data.size());
    left_ -= data.size();
    if (left_ == 0) state_ = counted_ ? State::ended : State::after_data;
    for (auto end = data.find('\n'); end != std::string_view::npos; end = data.find('\n')) {
        line_.append(data.substr(0, end));
        data.remove_prefix(end + 1);
        end_line(stamps);
    }
    line_.append(data);
}

void StreamReader::end_line(std::vector<std::int64_t>& stamps) {
    const std::string_view line = line_;
    const auto at = line.find(stamp_prefix);
    if (line.starts_with("data: ") && at != std::string_view::npos) {
        const auto stamp =
            leading_number(line.substr(at + stamp_prefix.size()).substr(0, stamp_digits));
        if (stamp > 0) stamps.push_back(stamp);
    }
    line_.clear();
}

}  // namespace handover::bench
