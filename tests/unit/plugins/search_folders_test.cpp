#include "plugins/search_folders.hpp"

#include <catch2/catch.hpp>

using namespace handover::plugins;
using Folders = std::vector<std::filesystem::path>;

TEST_CASE("folders in order of precedence") {
    CHECK(search_folders({.plugin_dirs = {"/cli/b", "/cli/a"},
                          .plugin_path = "/env/b:/env/a",
                          .config_paths = {"/opt/config"},
                          .user_folder = "/home/u/plugins",
                          .executable = "/usr/local/bin/handover"}) ==
          Folders{"/cli/b",
                  "/cli/a",
                  "/env/b",
                  "/env/a",
                  "/opt/config",
                  "/home/u/plugins",
                  "/usr/local/lib/handover/plugins",
                  "/usr/local/plugins"});
}

TEST_CASE("what is left out") {
    CHECK(search_folders({}).empty());
    CHECK(search_folders({.plugin_dirs = {},
                          .plugin_path = ":/a::/b:",
                          .config_paths = {},
                          .user_folder = {},
                          .executable = {}}) == Folders{"/a", "/b"});
    CHECK(search_folders({.plugin_dirs = {"/a"},
                          .plugin_path = "/b:/a/:/a/../b",
                          .config_paths = {},
                          .user_folder = "/b",
                          .executable = {}}) == Folders{"/a", "/b"});
}
