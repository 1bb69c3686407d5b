#include "cli/table.hpp"

#include <catch2/catch.hpp>

namespace handover::cli {

TEST_CASE("columns are as wide as their widest cell") {
    CHECK(table({{"A", "NAME", "LAST"}, {"1", "x", "y"}, {"long one", "", "z"}}) ==
          "A         NAME  LAST\n"
          "1         x     y\n"
          "long one        z\n");
}

TEST_CASE("letters of more bytes than one count once") {
    CHECK(table({{"äöü", "x"}, {"abcd", "y"}}) == "äöü   x\nabcd  y\n");
}

TEST_CASE("cells cannot steer the terminal") {
    CHECK(table({{"a\033[2Jb", "c\nd"}}).find('\033') == std::string::npos);
}

TEST_CASE("no rows, no text") {
    CHECK(table({}).empty());
}

}  // namespace handover::cli
