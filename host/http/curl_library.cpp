#include "http/curl_library.hpp"

#include <string>

#include "platform/shared_library.hpp"

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

void find_all(platform::SharedLibrary& library, CurlLibrary& curl) {
    library.find("curl_global_init", curl.global_init);
    library.find("curl_version_info", curl.version_info);
    library.find("curl_easy_init", curl.easy_init);
    library.find("curl_easy_cleanup", curl.easy_cleanup);
    library.find("curl_easy_setopt", curl.easy_setopt);
    library.find("curl_easy_getinfo", curl.easy_getinfo);
    library.find("curl_easy_pause", curl.easy_pause);
    library.find("curl_easy_strerror", curl.easy_strerror);
    library.find("curl_multi_init", curl.multi_init);
    library.find("curl_multi_cleanup", curl.multi_cleanup);
    library.find("curl_multi_setopt", curl.multi_setopt);
    library.find("curl_multi_assign", curl.multi_assign);
    library.find("curl_multi_add_handle", curl.multi_add_handle);
    library.find("curl_multi_remove_handle", curl.multi_remove_handle);
    library.find("curl_multi_socket_action", curl.multi_socket_action);
    library.find("curl_multi_info_read", curl.multi_info_read);
    library.find("curl_share_init", curl.share_init);
    library.find("curl_share_setopt", curl.share_setopt);
    library.find("curl_share_cleanup", curl.share_cleanup);
    library.find("curl_slist_append", curl.slist_append);
    library.find("curl_slist_free_all", curl.slist_free_all);
}

Result<const CurlLibrary*> open_library() {
    static CurlLibrary curl;
    platform::SharedLibrary library("libcurl.so.4");
    find_all(library, curl);
    if (!library.problem().empty()) return fail(missing(library.problem()));
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
