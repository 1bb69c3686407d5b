// Columns of text, as wide as their widest cell. Pure.
#pragma once

#include <string>
#include <vector>

namespace handover::cli {

// The first row is the heading. Cells lose control characters; the last column is not padded.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace handover::cli
