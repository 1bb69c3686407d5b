// What a translation of a request finds on its way: the first thing that cannot be mapped, and what
// was left out. Pure.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialects/request.hpp"

namespace handover::dialects {

// Where in the client's request one is: "messages[2].content[0]". Lives on the stack, each link
// pointing to the one around it; becomes text only where there is something to say.
class Path {
public:
    explicit Path(std::string_view name, const Path* parent = nullptr)
        : parent_(parent), name_(name) {}
    Path(std::size_t index, const Path& parent) : parent_(&parent), index_(index) {}

    [[nodiscard]] Path at(std::string_view name) const { return Path(name, this); }
    [[nodiscard]] Path at(std::size_t index) const { return {index, *this}; }

    [[nodiscard]] std::string text() const { return text(Indexes::as_they_are); }
    // "messages[].name": the same for all of a list.
    [[nodiscard]] std::string kind() const { return text(Indexes::left_out); }

private:
    enum class Indexes { as_they_are, left_out };

    [[nodiscard]] std::string text(Indexes indexes) const {
        auto all = parent_ == nullptr ? std::string() : parent_->text(indexes);
        if (index_) {
            const bool shown = indexes == Indexes::as_they_are;
            return all + "[" + (shown ? std::to_string(*index_) : std::string()) + "]";
        }
        return (all.empty() ? all : all + ".") + std::string(name_);
    }

    const Path* parent_ = nullptr;
    std::string_view name_ = {};
    std::optional<std::size_t> index_ = {};
};

class RequestNotes {
public:
    // The first refusal counts; after it the text that is being written is of no use any more.
    void refuse(const Path& at, std::string_view code, const std::string& why) {
        if (refusal_) return;
        const auto field = at.text();
        refusal_ = Refusal{
            .message = "\"" + field + "\" " + why, .param = field, .code = std::string(code)};
    }
    void unsupported(const Path& at, const std::string& why) {
        refuse(at, "unsupported_parameter", why);
    }
    void wrong_type(const Path& at, const std::string& expected) {
        refuse(at, "invalid_type", "must be " + expected);
    }
    void missing(const Path& at) { refuse(at, "missing_required_parameter", "is missing"); }
    // Each kind once: a long conversation has the same to leave out in every turn.
    void drop(const Path& at) {
        auto kind = at.kind();
        if (std::find(dropped_.begin(), dropped_.end(), kind) == dropped_.end())
            dropped_.push_back(std::move(kind));
    }

    [[nodiscard]] bool refused() const { return refusal_.has_value(); }
    [[nodiscard]] Refusal take_refusal() { return std::move(*refusal_); }
    [[nodiscard]] std::vector<std::string> take_dropped() { return std::move(dropped_); }

private:
    std::optional<Refusal> refusal_ = {};
    std::vector<std::string> dropped_ = {};
};

}  // namespace handover::dialects
