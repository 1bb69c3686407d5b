// The fields of a request, whichever its dialect: what the service is not to see, what has to be of
// a type, and what has no counterpart. Pure.
#pragma once

#include <span>
#include <string_view>

#include "config/compatibility.hpp"
#include "dialects/json_text.hpp"
#include "dialects/request_notes.hpp"

namespace handover::dialects {

// A field without a counterpart. The value that changes nothing is accepted.
struct Unmapped {
    std::string_view name;
    std::string_view neutral;  // as JSON without blanks; empty: every value but null changes much
    std::string_view why;
};

// True if the user, or the preset, says that the service is not to see it.
bool is_dropped(const config::Compatibility& upstream, std::string_view field);

class RequestFields {
public:
    // All three outlive it.
    RequestFields(const JsonObject& request,
                  const config::Compatibility& upstream,
                  RequestNotes& notes)
        : request_(request), upstream_(upstream), notes_(notes) {}

    // Absent, and noted, where the service is not to see it.
    [[nodiscard]] JsonView get(std::string_view name) const;
    // The same, and refused where it is of another type.
    [[nodiscard]] JsonView boolean(std::string_view name) const;
    [[nodiscard]] JsonView number(std::string_view name) const;

    // Refuses a field that nothing is known of (`whose` says of what), or that is not neutral.
    void refuse_unmapped(const run::RawMember& member,
                         std::span<const Unmapped> known,
                         std::string_view whose) const;

    void write_model(JsonWriter& out) const;

private:
    const JsonObject& request_;
    const config::Compatibility& upstream_;
    RequestNotes& notes_;
};

}  // namespace handover::dialects
