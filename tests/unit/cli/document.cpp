#include "document.hpp"

#include <fstream>
#include <stdexcept>

namespace handover::cli {

std::map<std::string, Section> read_document(const std::string& name) {
    std::ifstream file(HANDOVER_DOCS "/" + name);
    if (!file) throw std::runtime_error("cannot read " + name);
    std::map<std::string, Section> sections;
    Section* section = &sections[""];
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("#")) {
            section = &sections[line.substr(line.find_first_not_of("# "))];
            continue;
        }
        section->text += line + "\n";
        if (line.starts_with("| `")) section->members.insert(line.substr(3, line.find('`', 3) - 3));
    }
    return sections;
}

}  // namespace handover::cli
