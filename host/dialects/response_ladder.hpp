// The events of one response, in the order that the Responses API gives them: every item opened,
// filled and closed, every index and sequence number in its place. What the final object needs is
// kept, once. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/call_ids.hpp"
#include "dialects/chat_speech.hpp"
#include "dialects/json_text.hpp"
#include "dialects/output_items.hpp"
#include "dialects/request.hpp"

namespace handover::dialects {

class ResponseLadder {
public:
    explicit ResponseLadder(AnswerIdentity identity) : identity_(std::move(identity)) {}

    // response.created and response.in_progress. Comes first.
    void begin(ResponseObject head, std::string& out);
    [[nodiscard]] bool begun() const { return begun_; }
    [[nodiscard]] bool has_items() const { return !response_.output.empty(); }

    // A piece of text, of a refusal or of thoughts; escaped. Opens item and part as needed, and
    // closes what stood open before it.
    void say(OutputPart::Kind kind, std::string_view escaped, JsonView logprobs, std::string& out);
    // To the text that is being said. As Responses has it.
    void annotate(std::string_view annotation, std::string& out);
    // A fragment of the call in that slot.
    void call(std::size_t slot, const ChatCall& fragment, std::string& out);
    // What is still open, as the end has it.
    void close(const ResponseEnd& end, std::string& out);
    // response.completed or response.incomplete, with the final object. Comes last.
    void complete(const ResponseEnd& end, const std::optional<Usage>& usage, std::string& out);

    [[nodiscard]] std::int64_t next_number() { return number_++; }

private:
    struct Call {
        std::optional<std::size_t> item = {};  // nothing before its name is known
        std::string id = {};
        std::string name = {};       // escaped
        std::string arguments = {};  // escaped; what came before the name
        bool custom = false;
    };

    template <typename Write>
    void event(std::string_view type, std::string& out, Write write);
    void response_event(std::string_view type, const ResponseEnd& end, std::string& out);
    void item_event(std::string_view type, std::size_t index, std::string& out);
    void part_event(std::string_view type, std::string& out);
    void indexes(std::size_t item, JsonWriter& writer) const;
    void part_indexes(JsonWriter& writer) const;

    OutputItem& add_item(OutputItem::Kind kind);
    void open_part(OutputPart::Kind kind, std::string& out);
    void close_part(std::string& out);
    void close_speech(ItemStatus status, std::string& out);
    void open_call(Call& call, std::string& out);
    void arguments_delta(std::size_t index, std::string_view escaped, std::string& out);
    void close_call(std::size_t index, ItemStatus status, std::string& out);
    [[nodiscard]] OutputPart& part() { return response_.output[*speaking_].parts.back(); }

    AnswerIdentity identity_;
    ResponseObject response_ = {};
    bool begun_ = false;
    std::int64_t number_ = 0;
    std::optional<std::size_t> speaking_ = {};  // the message or the thoughts that stand open
    std::vector<Call> calls_ = {};              // by slot
    CallIds call_ids_ = {};
};

}  // namespace handover::dialects
