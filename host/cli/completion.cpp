#include "cli/completion.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "cli/command_line.hpp"
#include "cli/help.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

constexpr std::size_t longest_description = 70;

bool is_option(std::string_view word) {
    return word.size() > 1 && word.front() == '-';
}

const OptionShape* find_named(const std::vector<OptionShape>& shapes, const std::string& name) {
    const auto found = std::find_if(
        shapes.begin(), shapes.end(), [&](const OptionShape& shape) { return shape.named(name); });
    return found == shapes.end() ? nullptr : &*found;
}

// Of arguments without a name; the last one may stand for all that follow.
const OptionShape* nth_positional(const std::vector<OptionShape>& shapes, std::size_t n) {
    const OptionShape* last = nullptr;
    for (const auto& shape : shapes) {
        if (!shape.positional()) continue;
        if (n-- == 0) return &shape;
        last = &shape;
    }
    return last != nullptr && last->repeatable ? last : nullptr;
}

// An option and a value in one word: "--color=al", "-pgro".
struct Joined {
    std::string prefix = {};
    std::string value = {};
    const OptionShape* option = nullptr;  // null: it is none
};

Joined split_joined(const std::string& word, const std::vector<OptionShape>& shapes) {
    if (!is_option(word)) return {};
    const auto length = word[1] == '-' ? word.find('=') : 2;
    if (length == std::string::npos || word.size() < length) return {};
    const auto* option = find_named(shapes, word.substr(0, length));
    if (option == nullptr || !option->takes_value) return {};
    const auto begin = word[1] == '-' ? length + 1 : length;
    if (word[1] != '-' && word.size() == length) return {};
    return {.prefix = word.substr(0, begin), .value = word.substr(begin), .option = option};
}

// What the words before the cursor say.
class Line {
public:
    Line(std::span<const std::string> words, const std::vector<OptionShape>& shapes)
        : shapes_(shapes) {
        for (const auto& word : words) take(word);
    }

    [[nodiscard]] const OptionShape* pending() const { return pending_; }
    [[nodiscard]] bool only_arguments() const { return only_arguments_; }
    [[nodiscard]] std::size_t arguments() const { return arguments_; }
    [[nodiscard]] bool given(const OptionShape& option) const {
        return given_.count(option.names.front()) > 0;
    }
    [[nodiscard]] const Question& question() const { return question_; }

private:
    void take(const std::string& word) {
        if (pending_ != nullptr) {
            note(*pending_, word);
            pending_ = nullptr;
        } else if (only_arguments_ || !is_option(word)) {
            if (const auto* argument = nth_positional(shapes_, arguments_++)) note(*argument, word);
        } else if (word == "--") {
            only_arguments_ = true;
        } else {
            take_option(word);
        }
    }

    void take_option(const std::string& word) {
        if (const auto joined = split_joined(word, shapes_); joined.option != nullptr) {
            given_.insert(joined.option->names.front());
            note(*joined.option, joined.value);
            return;
        }
        const auto* option = find_named(shapes_, word);
        if (option == nullptr) return;
        given_.insert(option->names.front());
        if (option->takes_value) pending_ = option;
    }

    void note(const OptionShape& option, const std::string& value) {
        if (wanted_by(option) == Wanted::providers) question_.provider = value;
        if (option.named("--config")) question_.config = value;
        if (option.named("--plugin-dir")) question_.plugin_dirs.push_back(value);
    }

    const std::vector<OptionShape>& shapes_;
    const OptionShape* pending_ = nullptr;
    bool only_arguments_ = false;
    std::size_t arguments_ = 0;
    std::set<std::string> given_;
    Question question_;
};

std::vector<Suggestion> that_begin_with(std::string_view begin, std::vector<Suggestion> all) {
    std::erase_if(all, [&](const Suggestion& one) { return !one.value.starts_with(begin); });
    return all;
}

Completion values_of(const OptionShape& option,
                     const Joined& typed,
                     const Line& line,
                     const KnownNames& known) {
    const auto wanted = wanted_by(option);
    if (wanted == Wanted::files || wanted == Wanted::folders) return {.paths = wanted};
    std::vector<Suggestion> all;
    for (const auto& choice : option.choices) all.push_back({.value = choice});
    if (all.empty() && wanted != Wanted::nothing) {
        auto question = line.question();
        question.wanted = wanted;
        all = known(question);
    }
    Completion out = {.paths = wanted == Wanted::plugins ? Wanted::files : Wanted::nothing,
                      .suggestions = that_begin_with(typed.value, std::move(all))};
    for (auto& one : out.suggestions) one.value.insert(0, typed.prefix);
    return out;
}

Completion options_that_begin_with(const std::string& begin,
                                   const std::vector<OptionShape>& shapes,
                                   const Line& line) {
    Completion out;
    for (const auto& shape : shapes) {
        if (shape.positional() || (line.given(shape) && !shape.repeatable)) continue;
        out.suggestions.push_back({.value = shape.names.front(), .description = shape.description});
        // A short name is worth a line only to who has typed one.
        if (begin.size() < 2 || begin[1] == '-') continue;
        for (const auto& name : shape.names) {
            if (name == begin)
                out.suggestions.push_back({.value = name, .description = shape.description});
        }
    }
    out.suggestions = that_begin_with(begin, std::move(out.suggestions));
    return out;
}

std::string described(const std::string& path) {
    if (const auto help = find_help(path)) return help->summary;
    std::string names;
    for (const auto& name : names_in_group(path)) names += (names.empty() ? "" : ", ") + name;
    return names;
}

Completion commands(const std::string& group, const std::string& begin) {
    std::vector<Suggestion> all;
    for (const auto& name : group.empty() ? top_level_names() : names_in_group(group)) {
        all.push_back(
            {.value = name, .description = described(group.empty() ? name : group + " " + name)});
    }
    return {.suggestions = that_begin_with(begin, std::move(all))};
}

// Nothing where the word is no option and no option's value.
std::optional<Completion> of_an_option(const std::string& typed,
                                       const std::vector<OptionShape>& shapes,
                                       const Line& line,
                                       const KnownNames& known) {
    if (line.pending() != nullptr) return values_of(*line.pending(), {.value = typed}, line, known);
    if (line.only_arguments()) return std::nullopt;
    if (const auto joined = split_joined(typed, shapes); joined.option != nullptr)
        return values_of(*joined.option, joined, line, known);
    if (typed.starts_with('-')) return options_that_begin_with(typed, shapes, line);
    return std::nullopt;
}

std::string path_of(const CommandWords& words) {
    std::string path;
    for (const auto& word : words.path) path += (path.empty() ? "" : " ") + word;
    return path;
}

bool a_command_is_missing(const CommandWords& words) {
    return words.path.empty() || (words.path.size() == 1 && is_group(words.path.front()));
}

}  // namespace

Wanted wanted_by(const OptionShape& option) {
    const auto& value = option.value_name;
    if (!option.takes_value || !option.choices.empty()) return Wanted::nothing;
    if (value == "PROVIDER" || option.named("--provider")) return Wanted::providers;
    if (option.named("--account")) return Wanted::accounts;
    if (option.named("--method")) return Wanted::methods;
    if (option.named("--model")) return Wanted::models;
    if (value == "PLUGIN") return Wanted::plugins;
    if (value == "DIR") return Wanted::folders;
    if (value == "FILE" || value == "PATH" || value == "INPUT" || value == "CMD")
        return Wanted::files;
    return Wanted::nothing;
}

Completion complete(std::span<const std::string> words, const KnownNames& known) {
    const auto typed = words.empty() ? std::string() : words.back();
    auto before = words.empty() ? words : words.first(words.size() - 1);
    const bool help = !before.empty() && before.front() == "help";
    if (help) before = before.subspan(1);

    const auto found = split_command(before);
    const auto path = path_of(found);
    const bool missing = a_command_is_missing(found);
    if (!missing && (help || !find_help(path))) return {};
    const auto shapes = shape_of(missing ? "" : path);
    const Line line(found.rest, shapes);
    if (auto option = of_an_option(typed, shapes, line, known)) return *std::move(option);
    if (missing) return commands(path, typed);
    const auto* argument = nth_positional(shapes, line.arguments());
    return argument == nullptr ? Completion() : values_of(*argument, {.value = typed}, line, known);
}

std::string print(const Completion& completion) {
    std::string out;
    if (completion.paths == Wanted::files) out += ":files\n";
    if (completion.paths == Wanted::folders) out += ":folders\n";
    for (const auto& one : completion.suggestions) {
        if (one.value.empty() || text::printable(one.value, one.value.size()) != one.value)
            continue;
        if (one.value.front() == ':') continue;
        out.append(one.value).append("\t");
        out.append(text::printable(one.description, longest_description)).append("\n");
    }
    return out;
}

}  // namespace handover::cli
