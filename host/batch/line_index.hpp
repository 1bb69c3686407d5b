// Which lines of a batch are answered, in about eight bytes a line: a sorted array of hashes of the
// custom_ids and a bit beside each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace handover::batch {

class LineIndex {
public:
    // Different seeds give independent hashes. Two ids with one hash are a duplicate or, once in
    // 10^7 batches of a million lines, chance: `seal` reports them and the caller looks, or starts
    // again with another seed.
    explicit LineIndex(std::uint64_t seed = 0) : seed_(seed) {}

    void add(std::string_view custom_id);

    // Ends adding. The hashes that occurred more than once, each named once.
    std::vector<std::uint64_t> seal();

    [[nodiscard]] std::uint64_t hash(std::string_view custom_id) const;
    [[nodiscard]] std::size_t size() const { return hashes_.size(); }
    [[nodiscard]] std::size_t marked() const { return marked_count_; }
    [[nodiscard]] bool contains(std::string_view custom_id) const;
    [[nodiscard]] bool is_marked(std::string_view custom_id) const;

    // Sets or clears the mark of a known id; an unknown one is ignored (false).
    bool mark(std::string_view custom_id, bool value);

    [[nodiscard]] std::size_t bytes() const;

private:
    [[nodiscard]] std::size_t find(std::string_view custom_id) const;  // size() if unknown

    std::uint64_t seed_;
    std::vector<std::uint64_t> hashes_;
    std::vector<bool> marks_;
    std::size_t marked_count_ = 0;
};

}  // namespace handover::batch
