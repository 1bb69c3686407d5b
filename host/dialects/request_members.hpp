// The members of a request's inner objects: each is known, or refused by its path. Pure.
#pragma once

#include <initializer_list>
#include <string_view>

#include "dialects/json_text.hpp"
#include "dialects/request_notes.hpp"

namespace handover::dialects {

using MemberNames = std::initializer_list<std::string_view>;

// Refuses what is not among `known`, so that nothing is lost without a word. What no answer depends
// on, anywhere or as `left_out` says, is left out and noted; null is as good as absent.
void check_members(const JsonObject& object,
                   const Path& at,
                   MemberNames known,
                   RequestNotes& notes,
                   MemberNames left_out = {});

// The same for a value that has to be an object where it is there.
JsonObject known_object(JsonView value, const Path& at, MemberNames known, RequestNotes& notes);

// A member that has to be there and be a string.
JsonView needed_string(const JsonObject& object,
                       std::string_view name,
                       const Path& at,
                       RequestNotes& notes);

// True, false or absent.
JsonView boolean_member(const JsonObject& object,
                        std::string_view name,
                        const Path& at,
                        RequestNotes& notes);

}  // namespace handover::dialects
