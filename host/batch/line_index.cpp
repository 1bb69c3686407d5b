#include "batch/line_index.hpp"

#include <algorithm>

namespace handover::batch {
namespace {

// A bijective mixer with good avalanche (the finaliser of a 64-bit multiply-xorshift hash), so that
// neighbours such as "line-1" and "line-2" land far apart.
std::uint64_t mix(std::uint64_t x) {
    x ^= x >> 32U;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32U;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32U;
    return x;
}

}  // namespace

std::uint64_t LineIndex::hash(std::string_view custom_id) const {
    std::uint64_t state = mix(seed_ + 0x9e3779b97f4a7c15ULL) ^ custom_id.size();
    for (const char c : custom_id) {
        state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        state ^= state >> 29U;
    }
    return mix(state);
}

void LineIndex::add(std::string_view custom_id) {
    hashes_.push_back(hash(custom_id));
}

std::vector<std::uint64_t> LineIndex::seal() {
    hashes_.shrink_to_fit();
    std::sort(hashes_.begin(), hashes_.end());
    std::vector<std::uint64_t> repeated;
    for (std::size_t i = 1; i < hashes_.size(); ++i) {
        const bool twice = hashes_[i] == hashes_[i - 1];
        if (twice && (repeated.empty() || repeated.back() != hashes_[i]))
            repeated.push_back(hashes_[i]);
    }
    marks_.assign(hashes_.size(), false);
    return repeated;
}

std::size_t LineIndex::find(std::string_view custom_id) const {
    const auto wanted = hash(custom_id);
    const auto at = std::lower_bound(hashes_.begin(), hashes_.end(), wanted);
    if (at == hashes_.end() || *at != wanted) return hashes_.size();
    return static_cast<std::size_t>(at - hashes_.begin());
}

bool LineIndex::contains(std::string_view custom_id) const {
    return find(custom_id) != hashes_.size();
}

bool LineIndex::is_marked(std::string_view custom_id) const {
    const auto at = find(custom_id);
    return at != hashes_.size() && marks_[at];
}

bool LineIndex::mark(std::string_view custom_id, bool value) {
    const auto at = find(custom_id);
    if (at == hashes_.size()) return false;
    if (marks_[at] != value) {
        marks_[at] = value;
        marked_count_ = value ? marked_count_ + 1 : marked_count_ - 1;
    }
    return true;
}

std::size_t LineIndex::bytes() const {
    return hashes_.capacity() * sizeof(std::uint64_t) + marks_.capacity() / 8;
}

}  // namespace handover::batch
