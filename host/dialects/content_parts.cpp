#include "dialects/content_parts.hpp"

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

// A string that has to be there, escaped.
std::string_view needed(const JsonObject& part,
                        std::string_view name,
                        const Path& at,
                        RequestNotes& notes) {
    const auto value = part[name];
    if (!value.is_string()) notes.wrong_type(at.at(name), "a string");
    return value.escaped();
}

// {"image_url":{"url","detail"}} in chat; two flat members in Responses.
void input_image(const JsonObject& part, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const auto image = part["image_url"];
    const JsonObject nested(image);
    const auto url =
        image.is_string() ? image : nested["url"];  // some clients leave out the object
    if (!url.is_string()) return notes.missing(at.at("image_url").at("url"));
    const auto detail = nested["detail"];
    out.open('{').key("type").text("input_image").key("image_url").raw(url.raw());
    out.key("detail").raw(detail ? detail.raw() : R"("auto")").close('}');
}

void input_file(const JsonObject& part, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const JsonObject file(part["file"]);
    if (file.members().empty()) return notes.missing(at.at("file"));
    out.open('{').key("type").text("input_file");
    for (const auto* name : {"file_id", "filename", "file_data"}) out.member(name, file[name]);
    out.close('}');
}

void audio(const JsonObject& part, JsonWriter& out) {
    out.open('{').key("type").text("input_audio").member("input_audio", part["input_audio"]);
    out.close('}');
}

void input_part(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const JsonObject part(value);
    const auto type = part["type"];
    if (type.says("text")) return text_part("input_text", needed(part, "text", at, notes), out);
    if (type.says("image_url")) return input_image(part, at, out, notes);
    if (type.says("file")) return input_file(part, at, out, notes);
    if (type.says("input_audio")) return audio(part, out);
    notes.refuse(at.at("type"), "unsupported_value", "is no part that can be translated");
}

void output_part(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const JsonObject part(value);
    const auto type = part["type"];
    if (type.says("text")) return text_part("output_text", needed(part, "text", at, notes), out);
    if (type.says("refusal")) return refusal_part(needed(part, "refusal", at, notes), out);
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
    ChatParts(ChatContent& content, RequestNotes& notes) : content_(content), notes_(notes) {}

    void take(JsonView value, const Path& at) {
        const JsonObject part(value);
        const auto type = part["type"];
        if (is_text(type)) return say(needed(part, "text", at, notes_));
        if (type.says("refusal")) {
            content_.refusal += needed(part, "refusal", at, notes_);
            return;
        }
        std::string written;
        JsonWriter out(written);
        if (type.says("input_image")) {
            image(part, at, out);
        } else if (type.says("input_file")) {
            file(part, at, out);
        } else if (type.says("input_audio")) {
            audio(part, out);
        } else {
            return notes_.refuse(
                at.at("type"), "unsupported_value", "is no part that a chat service takes");
        }
        content_.only_text = false;
        append(content_.parts, written);
        append(content_.others, written);
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
    static bool is_text(JsonView type) {
        return type.says("input_text") || type.says("output_text") || type.says("text") ||
               type.says("summary_text") || type.says("reasoning_text");
    }

    static void append(std::string& list, std::string_view part) {
        if (!list.empty()) list += ',';
        list += part;
    }

    void image(const JsonObject& part, const Path& at, JsonWriter& out) {
        const auto url = part["image_url"];
        if (!url.is_string()) {
            return notes_.unsupported(at.at(part["file_id"] ? "file_id" : "image_url"),
                                      "must be an image by its URL for a chat service");
        }
        const auto detail = part["detail"];
        out.open('{').key("type").text("image_url").key("image_url").open('{');
        out.key("url").raw(url.raw());
        // Chat knows no larger one than high.
        if (detail) out.key("detail").raw(detail.says("original") ? R"("high")" : detail.raw());
        out.close('}').close('}');
    }

    void file(const JsonObject& part, const Path& at, JsonWriter& out) {
        if (part["file_url"]) {
            return notes_.unsupported(
                at.at("file_url"), "cannot be sent to a chat service; give file_data or file_id");
        }
        out.open('{').key("type").text("file").key("file").open('{');
        for (const auto* name : {"file_id", "filename", "file_data"}) out.member(name, part[name]);
        out.close('}').close('}');
    }

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

ChatContent read_chat_content(JsonView content, const Path& at, RequestNotes& notes) {
    ChatContent sorted;
    ChatParts parts(sorted, notes);
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
        text += needed(part, "text", here, notes);
    }
    return text;
}

}  // namespace handover::dialects
