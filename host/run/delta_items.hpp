// The items of a Responses stream as its deltas tell them: what an answer is made of where the
// upstream neither finishes an item nor repeats it in its final object. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace handover::run {

class DeltaItems {
public:
    // An event that adds an item, or says a part of one; others are passed over.
    void take(std::string_view type, const boost::json::object& event);

    // The item has come whole.
    void forget(std::int64_t output_index) { items_.erase(output_index); }

    // Those that say something, as JSON, by their index; `status` is "completed" or "incomplete".
    [[nodiscard]] std::map<std::int64_t, std::string> items(std::string_view status) const;

private:
    struct Part {
        std::string_view type = {};
        std::string_view member = {};  // which holds the text
        std::string text = {};
    };
    struct Item {
        std::string_view type = {};
        boost::json::object added = {};  // as output_item.added showed it
        // By the member that lists them, and their place there.
        std::map<std::pair<std::string_view, std::int64_t>, Part> parts = {};
        std::string given = {};  // to a function or tool
    };
    struct Told;
    static const Told* told_by(std::string_view type);
    void add(const boost::json::object& event);
    static bool says_something(const Item& item);
    static std::string written(const Item& item, std::string_view status);

    std::map<std::int64_t, Item> items_ = {};
};

}  // namespace handover::run
