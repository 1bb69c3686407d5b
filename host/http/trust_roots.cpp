#include "http/trust_roots.hpp"

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace handover::http {
namespace {

// Debian, Ubuntu, Alpine, Arch; then Fedora and its kin, where the folder has hashed names since
// 2024.
constexpr const char* system_directories[] = {"/etc/ssl/certs", "/etc/pki/tls/certs"};
constexpr const char* system_files[] = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

std::string from_environment(const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    return value == nullptr ? "" : value;
}

bool is_hashed(const std::string& name) {
    if (name.size() < 10 || name[8] != '.') return false;
    for (std::size_t i = 0; i < 8; ++i) {
        if (std::isxdigit(static_cast<unsigned char>(name[i])) == 0) return false;
    }
    return std::isdigit(static_cast<unsigned char>(name[9])) != 0;
}

}  // namespace

bool has_hashed_names(const std::string& folder) {
    std::error_code ignored;
    for (auto entry = std::filesystem::directory_iterator(folder, ignored);
         entry != std::filesystem::directory_iterator();
         entry.increment(ignored)) {
        if (is_hashed(entry->path().filename().string())) return true;
    }
    return false;
}

TrustRoots find_trust_roots(const std::string& ca_file) {
    if (!ca_file.empty()) return {.file = ca_file};
    if (auto file = from_environment("SSL_CERT_FILE"); !file.empty()) return {.file = file};
    if (auto folder = from_environment("SSL_CERT_DIR"); !folder.empty())
        return {.directory = folder};
    for (const auto* folder : system_directories) {
        if (has_hashed_names(folder)) return {.directory = folder};
    }
    std::error_code ignored;
    for (const auto* file : system_files) {
        if (std::filesystem::exists(file, ignored)) return {.file = file};
    }
    return {};
}

}  // namespace handover::http
