// docs/dialects.md and the tables of the tests say the same.
#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <set>
#include <string>

#include "rows.hpp"

using namespace handover::test;

namespace {

using Names = std::set<std::string>;

// Without its case: "tools: custom" is a case of "tools".
template <typename Rows>
void add(Names& names, const Rows& rows) {
    for (const auto& row : rows) {
        const std::string name = row.name;
        names.insert(name.substr(0, name.find(": ")));
    }
}

std::string without_backticks(std::string text) {
    std::erase(text, '`');
    return text;
}

// The first cells of the tables, by the heading that they stand under.
std::map<std::string, Names> rows_of_document() {
    std::ifstream file(SOURCE_FOLDER "/docs/dialects.md");
    REQUIRE(file);
    std::map<std::string, Names> rows;
    std::string heading;
    bool in_table = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("#")) heading = line.substr(line.find(' ') + 1);
        if (!line.starts_with("| ")) {
            // The line of dashes begins the rows.
            in_table = line.starts_with("|--") || line.starts_with("| --");
            continue;
        }
        if (line.starts_with("| --")) {
            in_table = true;
        } else if (in_table) {
            rows[heading].insert(without_backticks(line.substr(2, line.find(" | ") - 2)));
        }
    }
    return rows;
}

}  // namespace

TEST_CASE("every row of the documentation has its tests, and every test its row") {
    std::map<std::string, Names> tested;
    add(tested["A chat request for a Responses API"], chat_request_rows);
    add(tested["A Responses request for a chat API"], responses_request_rows);
    add(tested["Refused in a chat request"], chat_refused_rows);
    add(tested["Refused in a Responses request"], responses_refused_rows);
    add(tested["Refused in a chat request"], chat_wrong_rows);
    add(tested["Refused in a Responses request"], responses_wrong_rows);
    add(tested["Left out of a chat request"], chat_dropped_rows);
    add(tested["Left out of a Responses request"], responses_dropped_rows);
    add(tested["In what services depart from their dialect"], switch_rows);
    add(tested["A completion as a response"], chat_answer_rows);
    add(tested["A response as a completion"], responses_answer_rows);
    add(tested["A chat stream as a Responses stream"], chat_stream_rows);
    add(tested["A Responses stream as a chat stream"], responses_stream_rows);

    const auto documented = rows_of_document();
    for (const auto& [heading, names] : tested) {
        DYNAMIC_SECTION(heading) {
            const auto found = documented.find(heading);
            REQUIRE(found != documented.end());
            CHECK(found->second == names);
        }
    }
    CHECK(documented.size() == tested.size());
}
