// Files for the plugin tests: a folder that goes away, and the plugins that tests/plugins builds.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace handover::plugins::testing {

class Folder {
public:
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "handover-plugins-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code error;
        std::filesystem::remove_all(path_, error);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline std::filesystem::path built(const std::string& name) {
    return std::filesystem::path(TEST_PLUGINS) / (name + ".so");
}

inline std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

inline std::filesystem::path write(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
    (void)chmod(file.c_str(), 0755);
    return file;
}

// A copy of a built plugin as folder/NAME.so.
inline std::filesystem::path install(const std::string& plugin,
                                     const std::filesystem::path& folder,
                                     const std::string& name) {
    std::filesystem::create_directories(folder);
    return write(folder / (name + ".so"), read(built(plugin)));
}

}  // namespace handover::plugins::testing
