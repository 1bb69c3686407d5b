#include "dialects/content_parts.hpp"

#include "dialects/request_members.hpp"

namespace handover::dialects {
namespace {

void text_part(std::string_view type, std::string_view escaped, JsonWriter& out) {
    out.open('{').key("type").text(type).key("text").escaped(escaped);
    if (type == "output_text") out.key("annotations").open('[').close(']');
    out.close('}');
}

void refusal_part(std::string_view escaped, JsonWriter& out) {
    out.open('{').key("type").text("refusal").key("refusal").escaped(escaped).close('}');
}

// {"image_url":{"url","detail"}} in chat; two flat members in Responses.
void input_image(const JsonObject& part, const Path& at, JsonWriter& out, RequestNotes& notes) {
    check_members(part, at, {"type", "image_url"}, notes);
    const auto image = part["image_url"];
    // Some clients leave out the object.
    const auto nested = image.is_string()
                            ? JsonObject()
                            : known_object(image, at.at("image_url"), {"url", "detail"}, notes);
    const auto url =
        image.is_string() ? image : needed_string(nested, "url", at.at("image_url"), notes);
    const auto detail = nested["detail"];
    out.open('{').key("type").text("input_image").key("image_url").escaped(url.escaped());
    out.key("detail").raw(detail ? detail.raw() : R"("auto")").close('}');
}

// What both dialects say of a file: an id, or its content and name.
void file_members(const JsonObject& file, const Path& at, JsonWriter& out, RequestNotes& notes) {
    if (!file["file_id"] && !file["file_data"]) notes.missing(at.at("file_data"));
    for (const auto* name : {"file_id", "filename", "file_data"}) {
        if (file[name] && !file[name].is_string()) notes.wrong_type(at.at(name), "a string");
        out.member(name, file[name]);
    }
}

void input_file(const JsonObject& part, const Path& at, JsonWriter& out, RequestNotes& notes) {
    check_members(part, at, {"type", "file"}, notes);
    const auto here = at.at("file");
    if (!part["file"]) return notes.missing(here);
    const auto file = known_object(part["file"], here, {"file_id", "filename", "file_data"}, notes);
    out.open('{').key("type").text("input_file");
    file_members(file, here, out, notes);
    out.close('}');
}

// The same in both.
void audio(const JsonObject& part, const Path& at, JsonWriter& out, RequestNotes& notes) {
    check_members(part, at, {"type", "input_audio"}, notes);
    const auto here = at.at("input_audio");
    if (!part["input_audio"]) return notes.missing(here);
    const auto sound = known_object(part["input_audio"], here, {"data", "format"}, notes);
    for (const auto* name : {"data", "format"}) needed_string(sound, name, here, notes);
    out.open('{').key("type").text("input_audio").member("input_audio", part["input_audio"]);
    out.close('}');
}

// The text or refusal of an assistant's part. The Agents SDK puts into it what its message said
// besides, though it says all of that in its place too.
std::string_view said_in(const JsonObject& part,
                         std::string_view name,
                         const Path& at,
                         RequestNotes& notes) {
    check_members(part,
                  at,
                  {"type", name, "role"},
                  notes,
                  {"annotations",
                   "audio",
                   "parsed",
                   "reasoning",
                   "reasoning_content",
                   "reasoning_details",
                   "reasoning_text",
                   "tool_calls"});
    const auto role = part["role"];
    if (role && !role.says("assistant")) notes.unsupported(at.at("role"), "is not the message's");
    return needed_string(part, name, at, notes).escaped();
}

std::string_view text_of(const JsonObject& part, const Path& at, RequestNotes& notes) {
    check_members(part, at, {"type", "text"}, notes);
    return needed_string(part, "text", at, notes).escaped();
}

std::string_view refusal_of(const JsonObject& part, const Path& at, RequestNotes& notes) {
    check_members(part, at, {"type", "refusal"}, notes);
    return needed_string(part, "refusal", at, notes).escaped();
}

void input_part(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const JsonObject part(value);
    const auto type = part["type"];
    if (type.says("text")) return text_part("input_text", text_of(part, at, notes), out);
    if (type.says("image_url")) return input_image(part, at, out, notes);
    if (type.says("file")) return input_file(part, at, out, notes);
    if (type.says("input_audio")) return audio(part, at, out, notes);
    notes.refuse(at.at("type"), "unsupported_value", "is no part that can be translated");
}

void output_part(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const JsonObject part(value);
    const auto type = part["type"];
    if (type.says("text")) return text_part("output_text", said_in(part, "text", at, notes), out);
    if (type.says("refusal")) return refusal_part(said_in(part, "refusal", at, notes), out);
    notes.refuse(at.at("type"), "unsupported_value", "is no part of an assistant's message");
}

using WritePart = void (*)(JsonView, const Path&, JsonWriter&, RequestNotes&);

void each_part(
    JsonView content, const Path& at, WritePart write, JsonWriter& out, RequestNotes& notes) {
    if (!content.is_array()) return notes.wrong_type(at, "a string or an array of parts");
    std::size_t index = 0;
    for (const auto part : json_elements(content)) {
        const auto here = at.at(index++);
        if (!part.is_object()) return notes.wrong_type(here, "an object");
        write(part, here, out, notes);
    }
}

// Reads one part of a Responses item at a time.
class ChatParts {
public:
    ChatParts(Speaker speaker, ChatContent& content, RequestNotes& notes)
        : speaker_(speaker), content_(content), notes_(notes) {}

    void take(JsonView value, const Path& at) {
        const JsonObject part(value);
        const auto type = part["type"];
        if (is_text(type)) return text(part, at);
        const bool refusal = type.says("refusal");
        if (refusal && speaker_ == Speaker::assistant) {
            content_.refusal += refusal_of(part, at, notes_);
            return;
        }
        if (refusal || speaker_ == Speaker::assistant) {
            return notes_.refuse(at.at("type"),
                                 "unsupported_value",
                                 refusal ? "is a part of an assistant's messages only"
                                         : "is no part of an assistant's message");
        }
        medium(part, at);
    }

    void say(std::string_view escaped) {
        if (!content_.text.empty() && !escaped.empty()) content_.text += "\\n";
        content_.text += escaped;
        std::string written;
        JsonWriter out(written);
        text_part("text", escaped, out);
        append(content_.parts, written);
    }

private:
    void text(const JsonObject& part, const Path& at) {
        if (part["type"].says("output_text")) {
            // All but the text were the answer's, which a client sends back as it came.
            check_members(part, at, {"type", "text", "annotations", "logprobs", "parsed"}, notes_);
        } else {
            check_members(part, at, {"type", "text"}, notes_);
        }
        say(needed_string(part, "text", at, notes_).escaped());
    }

    void medium(const JsonObject& part, const Path& at) {
        const auto type = part["type"];
        std::string written;
        JsonWriter out(written);
        if (type.says("input_image")) {
            image(part, at, out);
        } else if (type.says("input_file")) {
            file(part, at, out);
        } else if (type.says("input_audio")) {
            audio(part, at, out, notes_);
        } else {
            return notes_.refuse(
                at.at("type"), "unsupported_value", "is no part that a chat service takes");
        }
        content_.only_text = false;
        append(content_.parts, written);
        append(content_.others, written);
    }

    static bool is_text(JsonView type) {
        return type.says("input_text") || type.says("output_text") || type.says("text") ||
               type.says("summary_text") || type.says("reasoning_text");
    }

    static void append(std::string& list, std::string_view part) {
        if (!list.empty()) list += ',';
        list += part;
    }

    void image(const JsonObject& part, const Path& at, JsonWriter& out) {
        check_members(part, at, {"type", "image_url", "file_id", "detail"}, notes_);
        if (part["file_id"])
            notes_.unsupported(at.at("file_id"), "must be an image by its URL for a chat service");
        const auto url = needed_string(part, "image_url", at, notes_);
        const auto detail = part["detail"];
        out.open('{').key("type").text("image_url").key("image_url").open('{');
        out.key("url").escaped(url.escaped());
        // Chat knows no larger one than high.
        if (detail) out.key("detail").raw(detail.says("original") ? R"("high")" : detail.raw());
        out.close('}').close('}');
    }

    void file(const JsonObject& part, const Path& at, JsonWriter& out) {
        check_members(part, at, {"type", "file_id", "filename", "file_data", "file_url"}, notes_);
        if (part["file_url"]) {
            return notes_.unsupported(
                at.at("file_url"), "cannot be sent to a chat service; give file_data or file_id");
        }
        out.open('{').key("type").text("file").key("file").open('{');
        file_members(part, at, out, notes_);
        out.close('}').close('}');
    }

    Speaker speaker_;
    ChatContent& content_;
    RequestNotes& notes_;
};

}  // namespace

void write_input_parts(JsonView content, const Path& at, JsonWriter& out, RequestNotes& notes) {
    out.open('[');
    if (content.is_string()) {
        text_part("input_text", content.escaped(), out);
    } else {
        each_part(content, at, input_part, out, notes);
    }
    out.close(']');
}

void write_output_parts(
    JsonView content, JsonView refusal, const Path& at, JsonWriter& out, RequestNotes& notes) {
    out.open('[');
    if (content.is_string()) {
        if (!content.escaped().empty()) text_part("output_text", content.escaped(), out);
    } else if (content) {
        each_part(content, at, output_part, out, notes);
    }
    if (!refusal.escaped().empty()) refusal_part(refusal.escaped(), out);
    out.close(']');
}

ChatContent read_chat_content(JsonView content,
                              Speaker speaker,
                              const Path& at,
                              RequestNotes& notes) {
    ChatContent sorted;
    ChatParts parts(speaker, sorted, notes);
    if (content.is_string()) {
        parts.say(content.escaped());
        return sorted;
    }
    if (!content.is_array()) {
        notes.wrong_type(at, "a string or an array of parts");
        return sorted;
    }
    std::size_t index = 0;
    for (const auto part : json_elements(content)) parts.take(part, at.at(index++));
    return sorted;
}

std::string tool_text(JsonView content, const Path& at, RequestNotes& notes) {
    if (content.is_string()) return std::string(content.escaped());
    std::string text;
    if (!content.is_array()) {
        notes.wrong_type(at, "a string or an array of text parts");
        return text;
    }
    std::size_t index = 0;
    for (const auto value : json_elements(content)) {
        const JsonObject part(value);
        const auto here = at.at(index++);
        if (!part["type"].says("text"))
            notes.refuse(here.at("type"), "unsupported_value", "must be text in a tool's result");
        text += text_of(part, here, notes);
    }
    return text;
}

}  // namespace handover::dialects
