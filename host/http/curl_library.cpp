#include "http/curl_library.hpp"

#include <dlfcn.h>

#include <string>

namespace handover::http {
namespace {

// CURLOPT_PREREQFUNCTION came with 7.80.0; without it nobody can say whether a request was sent.
constexpr unsigned int oldest_version = 0x075000;
constexpr const char* fix = "apt-get install libcurl4";

Error missing(std::string reason) {
    return {.code = Errc::internal,
            .message = "libcurl.so.4 cannot be used, so no request can be made",
            .reason = std::move(reason),
            .fix = fix};
}

std::string loader_message() {
    const char* const text = dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return text == nullptr ? "unknown" : text;
}

template <typename Function>
bool find(void* handle, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    return function != nullptr;
}

bool find_all(void* handle, CurlLibrary& curl) {
    return find(handle, "curl_global_init", curl.global_init) &&
           find(handle, "curl_version_info", curl.version_info) &&
           find(handle, "curl_easy_init", curl.easy_init) &&
           find(handle, "curl_easy_cleanup", curl.easy_cleanup) &&
           find(handle, "curl_easy_setopt", curl.easy_setopt) &&
           find(handle, "curl_easy_getinfo", curl.easy_getinfo) &&
           find(handle, "curl_easy_pause", curl.easy_pause) &&
           find(handle, "curl_easy_strerror", curl.easy_strerror) &&
           find(handle, "curl_multi_init", curl.multi_init) &&
           find(handle, "curl_multi_cleanup", curl.multi_cleanup) &&
           find(handle, "curl_multi_setopt", curl.multi_setopt) &&
           find(handle, "curl_multi_assign", curl.multi_assign) &&
           find(handle, "curl_multi_add_handle", curl.multi_add_handle) &&
           find(handle, "curl_multi_remove_handle", curl.multi_remove_handle) &&
           find(handle, "curl_multi_socket_action", curl.multi_socket_action) &&
           find(handle, "curl_multi_info_read", curl.multi_info_read) &&
           find(handle, "curl_share_init", curl.share_init) &&
           find(handle, "curl_share_setopt", curl.share_setopt) &&
           find(handle, "curl_share_cleanup", curl.share_cleanup) &&
           find(handle, "curl_slist_append", curl.slist_append) &&
           find(handle, "curl_slist_free_all", curl.slist_free_all);
}

Result<const CurlLibrary*> open_library() {
    // Never closed: libcurl and OpenSSL leave threads' and exit handlers behind.
    void* const handle = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr) return fail(missing(loader_message()));
    static CurlLibrary curl;
    if (!find_all(handle, curl)) return fail(missing(loader_message()));
    if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return fail(missing("curl_global_init failed"));
    }
    const auto* const version = curl.version_info(CURLVERSION_NOW);
    if (version->version_num < oldest_version) {
        return fail(missing("found version " + std::string(version->version) +
                            ", needed is 7.80.0 or newer"));
    }
    return &curl;
}

}  // namespace

Result<const CurlLibrary*> curl_library() {
    static const auto opened = open_library();
    return opened;
}

}  // namespace handover::http
