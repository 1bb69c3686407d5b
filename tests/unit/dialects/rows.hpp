// The mapping between the dialects, row by row: what is given, what it becomes. docs/dialects.md
// has the same rows for people; a test compares the names. A name is a row of the documentation,
// perhaps with
// ": " and what this case of it is about.
#pragma once

#include <string>
#include <vector>

#include "config/compatibility.hpp"
#include "dialects/dialect.hpp"

namespace handover::test {

// Members of a request, laid over the smallest one of its dialect.
struct RequestRow {
    const char* name;
    const char* given;
    const char* becomes;
};
struct RefusedRow {
    const char* name;
    const char* given;
    const char* param;
    const char* code;
};
struct DroppedRow {
    const char* name;
    const char* given;
    const char* dropped;
};
struct SwitchRow {
    const char* name;
    dialects::Dialect from;
    config::Compatibility upstream;
    const char* given;
    const char* becomes;
};

extern const std::vector<RequestRow> chat_request_rows;
extern const std::vector<RequestRow> responses_request_rows;
extern const std::vector<RefusedRow> chat_refused_rows;
extern const std::vector<RefusedRow> responses_refused_rows;
extern const std::vector<RefusedRow> chat_wrong_rows;
extern const std::vector<RefusedRow> responses_wrong_rows;
extern const std::vector<DroppedRow> chat_dropped_rows;
extern const std::vector<DroppedRow> responses_dropped_rows;
extern const std::vector<SwitchRow> switch_rows;

// Members of a whole answer, laid over the smallest one.
extern const std::vector<RequestRow> chat_answer_rows;
extern const std::vector<RequestRow> responses_answer_rows;

// Events of a stream, one JSON object a line.
extern const std::vector<RequestRow> chat_stream_rows;
extern const std::vector<RequestRow> responses_stream_rows;

}  // namespace handover::test
