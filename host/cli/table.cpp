#include "cli/table.hpp"

#include <algorithm>
#include <cstddef>

#include "secret/secret.hpp"
#include "text/printable.hpp"
#include "text/wrap.hpp"

namespace handover::cli {

std::string table(const std::vector<std::vector<std::string>>& rows) {
    auto cells = rows;
    std::vector<std::size_t> widths;
    for (auto& row : cells) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            row[column] = text::printable(redact(row[column]), 300);
            if (column >= widths.size()) widths.push_back(0);
            widths[column] = std::max(widths[column], text::width(row[column]));
        }
    }
    std::string out;
    for (const auto& row : cells) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            out += row[column];
            if (column + 1 < row.size())
                out.append(widths[column] - text::width(row[column]) + 2, ' ');
        }
        while (out.ends_with(' ')) out.pop_back();
        out += "\n";
    }
    return out;
}

}  // namespace handover::cli
