#include "gateway/certificate_files.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "auth/private_folder.hpp"
#include "platform/files.hpp"
#include "secret/secret.hpp"

namespace handover::gateway {
namespace {

constexpr std::size_t longest_file = 1U << 20U;

Failure cannot_read(const std::string& key, const std::string& file, std::string reason) {
    return fail({.code = Errc::config_invalid,
                 .message = "cannot read " + file + ", which [serve] " + key + " names",
                 .reason = std::move(reason),
                 .fix = "mend the config, then run: handover config check"});
}

Result<std::string> read(const std::string& key, const std::string& file) {
    auto text = platform::read_file(file, longest_file);
    if (!text) return cannot_read(key, file, text.error().reason);
    if (!*text) return cannot_read(key, file, platform::error_text(ENOENT));
    return std::move(**text);
}

// What a file of secrets must be, as for credentials.
Result<std::string> read_private(const std::string& key, const std::string& file) {
    struct stat status = {};
    if (stat(file.c_str(), &status) != 0)
        return cannot_read(key, file, platform::error_text(errno));
    if (const auto checked = auth::check_private_file(status, file); !checked) {
        auto error = checked.error();
        error.code = Errc::config_invalid;  // no store's file
        return fail(std::move(error));
    }
    return read(key, file);
}

}  // namespace

Result<std::shared_ptr<const tls::Identity>> read_identity(const std::string& certificate_file,
                                                           const std::string& key_file,
                                                           std::time_t now) {
    const auto certificate = read("tls_certificate", certificate_file);
    if (!certificate) return certificate.failure();
    auto key = read_private("tls_key", key_file);
    if (!key) return std::move(key).failure();
    auto identity = tls::Identity::make({.certificate_file = certificate_file,
                                         .certificate = *certificate,
                                         .key_file = key_file,
                                         .key = *key},
                                        now);
    wipe(*key);
    return identity;
}

}  // namespace handover::gateway
