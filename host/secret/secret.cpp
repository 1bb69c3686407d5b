#include "secret/secret.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "text/encoding.hpp"

namespace handover {
namespace {

constexpr std::size_t shortest_redacted = 6;  // shorter values would blot out ordinary words

struct LiveSecrets {
    std::mutex mutex;  // guards values
    std::vector<const std::string*> values;
};

// Never destroyed: secrets with static storage may outlive any other order of destruction.
LiveSecrets& live_secrets() {
    static auto* const live = new LiveSecrets;
    return *live;
}

void wipe_bytes(char* data, std::size_t size) {
    explicit_bzero(data, size);
}

void replace_all(std::string& text, std::string_view what) {
    constexpr std::string_view mark = "[redacted]";
    for (auto at = text.find(what); at != std::string::npos;
         at = text.find(what, at + mark.size())) {
        text.replace(at, what.size(), mark);
    }
}

// The part of a base64 text that does not depend on what stands before or after the value: the
// encoding at the three possible offsets, less the characters that mix with a neighbour.
std::vector<std::string> base64_cores(std::string_view value,
                                      std::string (*encode)(std::string_view)) {
    std::vector<std::string> cores;
    for (std::size_t offset = 0; offset < 3; ++offset) {
        std::string padded(offset, '\0');
        padded.append(value);
        auto text = encode(padded);
        while (!text.empty() && text.back() == '=') text.pop_back();
        const std::size_t head = offset == 0 ? 0 : offset + 1;
        const std::size_t tail = padded.size() % 3 == 0 ? 0 : 1;
        if (text.size() > head + tail + shortest_redacted) {
            cores.push_back(text.substr(head, text.size() - head - tail));
        }
        wipe(padded);
        wipe(text);
    }
    return cores;
}

void redact_one(std::string& text, const std::string& value) {
    replace_all(text, value);
    auto percent = text::percent_encode(value);
    if (percent != value) replace_all(text, percent);
    wipe(percent);
    for (auto* encode : {&text::base64_encode, &text::base64url_encode}) {
        for (auto& core : base64_cores(value, encode)) {
            replace_all(text, core);
            wipe(core);
        }
    }
}

}  // namespace

struct Secret::Value {
    explicit Value(std::string&& taken) : text(taken) {
        wipe(taken);
        auto& live = live_secrets();
        const std::lock_guard lock(live.mutex);
        live.values.push_back(&text);
    }
    Value(const Value&) = delete;
    Value& operator=(const Value&) = delete;
    ~Value() {
        auto& live = live_secrets();
        {
            const std::lock_guard lock(live.mutex);
            std::erase(live.values, &text);
        }
        wipe(text);
    }

    std::string text;
};

Secret::Secret(std::string value) {
    if (!value.empty()) value_ = std::make_shared<const Value>(std::move(value));
}

std::string_view Secret::reveal() const {
    return value_ == nullptr ? std::string_view() : std::string_view(value_->text);
}

bool operator==(const Secret& left, const Secret& right) {
    return equal_in_constant_time(left.reveal(), right.reveal());
}

bool equal_in_constant_time(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    unsigned char difference = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        difference =
            static_cast<unsigned char>(difference | (static_cast<unsigned char>(left[i]) ^
                                                     static_cast<unsigned char>(right[i])));
    }
    return difference == 0;
}

void wipe(std::string& text) {
    wipe_bytes(text.data(), text.size());
    text.clear();
}

std::string redact(std::string_view text) {
    std::string clean(text);
    auto& live = live_secrets();
    const std::lock_guard lock(live.mutex);
    for (const auto* value : live.values) {
        // No encoding of a value is shorter than the value: a text that is cannot hold it.
        const bool could_hold = value->size() <= clean.size();
        if (could_hold && value->size() >= shortest_redacted) redact_one(clean, *value);
    }
    return clean;
}

namespace {

rlimit& callers_core_limit() {
    static rlimit limit = {0, 0};
    return limit;
}

}  // namespace

void protect_process_memory() {
    if (getrlimit(RLIMIT_CORE, &callers_core_limit()) == 0) {
        // The hard limit stays: it could not be given back.
        const rlimit none = {0, callers_core_limit().rlim_max};
        (void)setrlimit(RLIMIT_CORE, &none);
    }
    (void)prctl(PR_SET_DUMPABLE, 0);
}

void restore_core_limit() {
    (void)setrlimit(RLIMIT_CORE, &callers_core_limit());
}

}  // namespace handover
