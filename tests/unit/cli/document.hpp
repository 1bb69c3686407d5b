// The docs that tests hold: headings and the first column of the tables below them.
#pragma once

#include <map>
#include <set>
#include <string>

namespace handover::cli {

struct Section {
    std::string text = {};
    std::set<std::string> members = {};  // `name` in the first column of a table
};

// Heading (without its marks) to what stands below it, up to the next heading.
std::map<std::string, Section> read_document(const std::string& name);

}  // namespace handover::cli
