// The items of a response that is put together from a chat answer. Texts are kept escaped, as they
// came and as they go out. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/answer.hpp"
#include "dialects/json_text.hpp"

namespace handover::dialects {

enum class ItemStatus { in_progress, completed, incomplete };

struct OutputPart {
    enum class Kind { text, refusal, reasoning };
    Kind kind = Kind::text;
    std::string text = {};
    std::string annotations = {};  // JSON, comma-separated
    std::size_t annotation_count = 0;
    std::string logprobs = {};  // JSON, comma-separated
};

struct OutputItem {
    enum class Kind { message, reasoning, function_call, custom_call };
    Kind kind = Kind::message;
    std::string id = {};
    std::vector<OutputPart> parts = {};  // of a message or of thoughts
    std::string call_id = {};
    std::string name = {};       // of the tool
    std::string arguments = {};  // of a function; the input of a custom tool
    ItemStatus status = ItemStatus::completed;
};

// How a response came to its end.
struct ResponseEnd {
    std::string_view status = "completed";  // or "incomplete", "in_progress"
    std::string_view reason = {};           // why it is incomplete
};

// Nothing for a reason that is an error. Reasons that no list knows count as a normal end.
std::optional<ResponseEnd> response_end(std::string_view finish_reason);

// Of the item that the answer broke off in.
inline ItemStatus last_status(const ResponseEnd& end) {
    return end.status == "incomplete" ? ItemStatus::incomplete : ItemStatus::completed;
}

struct ResponseObject {
    std::string id = {};
    std::int64_t created = 0;
    std::string model = {};         // escaped
    std::string service_tier = {};  // escaped; may be empty
    std::string echo = {};          // RequestFacts::echo
    std::vector<OutputItem> output = {};
    std::optional<Usage> usage = {};
};

// Both take what is to be appended as JSON, and may be given nothing.
void add_annotation(OutputPart& part, std::string_view annotation);
void add_logprobs(OutputPart& part, JsonView array);

void write_part(const OutputPart& part, JsonWriter& out);
void write_item(const OutputItem& item, JsonWriter& out);
void write_response(const ResponseObject& response, const ResponseEnd& end, JsonWriter& out);

// "resp_abc" for the upstream's "chatcmpl-abc", and back; from the seed where that is not to be
// had.
std::string answer_id(Dialect client, std::string_view upstream_id, const AnswerIdentity& identity);

// "msg_SEED_2": the item at that place.
std::string item_id(OutputItem::Kind kind, const AnswerIdentity& identity, std::size_t index);

}  // namespace handover::dialects
