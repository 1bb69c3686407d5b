#include "plugins/index.hpp"

#include <limits>
#include <utility>

namespace handover::plugins {
namespace {

constexpr std::string_view magic = "handover-index 1\n";

// FNV-1a, 64 bit: finds damage, not forgery; the file lies in the user's own cache folder.
std::uint64_t checksum(std::string_view bytes) {
    std::uint64_t sum = 0xcbf29ce484222325U;
    for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return sum;
}

void put(std::string& out, std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8)
        out.push_back(static_cast<char>((number >> shift) & 0xffU));
}

void put(std::string& out, std::string_view text) {
    put(out, std::uint64_t{text.size()});
    out += text;
}

void put(std::string& out, const std::vector<std::string>& texts) {
    put(out, std::uint64_t{texts.size()});
    for (const auto& text : texts) put(out, std::string_view(text));
}

void put(std::string& out, const Indexed& file) {
    put(out, file.identity.device);
    put(out, file.identity.inode);
    put(out, file.identity.size);
    put(out, static_cast<std::uint64_t>(file.identity.modified_ns));
    put(out, static_cast<std::uint64_t>(file.identity.changed_ns));
    const auto& entry = file.entry;
    put(out, std::string_view(entry.file.native()));
    for (const auto* text : {&entry.id, &entry.version, &entry.name})
        put(out, std::string_view(*text));
    put(out, entry.auth_methods);
    put(out, entry.dialects);
    put(out, entry.error ? static_cast<std::uint64_t>(entry.error->code) + 1 : 0);
    if (!entry.error) return;
    for (const auto* text : {&entry.error->message, &entry.error->reason, &entry.error->fix}) {
        put(out, std::string_view(*text));
    }
}

// Takes values off the front; after the first that is not there, `good` stays false and everything
// reads as empty.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t number() {
        if (rest_.size() < 8) return stop();
        std::uint64_t out = 0;
        for (unsigned i = 0; i < 8; ++i)
            out |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
        rest_.remove_prefix(8);
        return out;
    }

    std::string text() {
        const auto size = number();
        if (size > rest_.size()) return stop(), std::string();
        std::string out(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return out;
    }

    std::vector<std::string> texts() {
        const auto count = number();
        if (count > rest_.size() / 8) return stop(), std::vector<std::string>();
        std::vector<std::string> out;
        out.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) out.push_back(text());
        return out;
    }

    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    std::uint64_t stop() {
        good_ = false;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool good_ = true;
};

std::optional<Indexed> read_indexed(Reader& in) {
    Indexed out;
    out.identity.device = in.number();
    out.identity.inode = in.number();
    out.identity.size = in.number();
    out.identity.modified_ns = static_cast<std::int64_t>(in.number());
    out.identity.changed_ns = static_cast<std::int64_t>(in.number());
    out.entry.file = in.text();
    for (auto* text : {&out.entry.id, &out.entry.version, &out.entry.name}) *text = in.text();
    out.entry.auth_methods = in.texts();
    out.entry.dialects = in.texts();
    const auto code = in.number();
    if (code > errc_names.size()) return std::nullopt;
    if (code > 0) {
        Error error = {
            .code = static_cast<Errc>(code - 1), .message = in.text(), .reason = {}, .fix = {}};
        error.reason = in.text();
        error.fix = in.text();
        out.entry.error = std::move(error);
    }
    if (!in.good()) return std::nullopt;
    return out;
}

}  // namespace

Identity identity_of(const struct stat& status) {
    const auto nanoseconds = [](const timespec& time) {
        return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_nsec};
    };
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size),
            .modified_ns = nanoseconds(status.st_mtim),
            .changed_ns = nanoseconds(status.st_ctim)};
}

bool settled(const Identity& file, std::chrono::system_clock::time_point now) {
    constexpr std::int64_t tick_ns = 20'000'000;  // two ticks of a kernel with 100 Hz
    const auto now_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
    return file.changed_ns <= now_ns - tick_ns && file.modified_ns <= now_ns - tick_ns;
}

std::string encode_index(const std::vector<Indexed>& files, std::string_view made_by) {
    std::string out(magic);
    put(out, made_by);
    put(out, std::uint64_t{files.size()});
    for (const auto& file : files) put(out, file);
    put(out, checksum(out));
    return out;
}

std::optional<std::vector<Indexed>> decode_index(std::string_view bytes, std::string_view made_by) {
    if (!bytes.starts_with(magic) || bytes.size() < magic.size() + 8) return std::nullopt;
    const auto body = bytes.substr(0, bytes.size() - 8);
    if (Reader(bytes.substr(body.size())).number() != checksum(body)) return std::nullopt;
    Reader in(body.substr(magic.size()));
    if (in.text() != made_by) return std::nullopt;
    const auto count = in.number();
    std::vector<Indexed> out;
    for (std::uint64_t i = 0; i < count && in.good(); ++i) {
        auto file = read_indexed(in);
        if (!file) return std::nullopt;
        out.push_back(std::move(*file));
    }
    if (!in.good() || !in.at_end()) return std::nullopt;
    return out;
}

}  // namespace handover::plugins
