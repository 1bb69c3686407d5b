// Which of a message's tool calls a fragment of a chat stream belongs to. By rule its `index` says
// so; services leave it out, give every call the same one, or repeat id and name. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handover::run {

struct CallFragment {
    std::optional<std::int64_t> index = {};
    std::string_view id = {};
    std::string_view name = {};
};

class CallSlots {
public:
    // Calls are counted from 0 in the order in which they begin.
    std::size_t slot_of(const CallFragment& fragment);

private:
    struct Slot {
        std::optional<std::int64_t> index = {};
        std::string id = {};
        std::string name = {};
    };
    static bool is_of(const Slot& slot, const CallFragment& fragment);
    [[nodiscard]] std::size_t find(const CallFragment& fragment) const;

    std::vector<Slot> slots_ = {};
};

}  // namespace handover::run
