// The items of a Responses stream that passes through: some upstreams end it with an object whose
// `output` is empty (design note 0095), though official clients take the whole answer from
// there. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace handover::gateway {

class FinishedItems {
public:
    // Keeps what these whole events finish.
    void take(std::string_view events);

    // The same events, the end among them, with the items in its `output`. Nothing where that is
    // there already, or nothing is to be put there.
    [[nodiscard]] std::optional<std::string> put_into(std::string_view events) const;

private:
    void keep(std::string_view event);
    [[nodiscard]] std::string all_items() const;

    std::map<std::int64_t, std::string> items_ = {};  // JSON, by output_index
    std::size_t bytes_ = 0;
};

}  // namespace handover::gateway
