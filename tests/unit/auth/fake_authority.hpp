// What the broker is handed in tests: a folder of its own, a clock that is set by hand, and an
// authority that answers as told.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "auth/broker.hpp"
#include "auth/file_store.hpp"
#include "auth/lease.hpp"
#include "platform/files.hpp"

namespace handover::auth::testing {

inline Time at(int seconds) {
    return Time(std::chrono::seconds(1'800'000'000 + seconds));
}

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "handover-auth-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline http::Outcome answered(int status,
                              std::string body,
                              std::vector<http::Header> headers = {}) {
    return {.delivery = http::Delivery::answered,
            .response = {.status = status, .headers = std::move(headers), .body = std::move(body)},
            .error = {}};
}

inline http::Outcome lost(http::Delivery delivery) {
    return {.delivery = delivery,
            .response = {},
            .error = {.code = Errc::provider_unavailable,
                      .message = "no answer",
                      .reason = "connection",
                      .fix = {}}};
}

// Tokens with a number, valid for an hour.
inline http::Outcome tokens(int number) {
    const auto n = std::to_string(number);
    return answered(200,
                    R"({"access_token":"sandbox-access-)" + n +
                        R"(","refresh_token":"sandbox-refresh-)" + n +
                        R"(","token_type":"Bearer","expires_in":3600})");
}

inline Method oauth_method() {
    Method method;
    method.id = "subscription";
    method.kind = Kind::oauth2;
    method.billing = Billing::subscription;
    method.issuer = "https://auth.example.com";
    method.discovery = Discovery::never;
    method.endpoints.token_endpoint = "https://auth.example.com/token";
    method.endpoints.revocation_endpoint = "https://auth.example.com/revoke";
    method.client_id = "app";
    return method;
}

inline Method key_method() {
    Method method;
    method.id = "api-key";
    method.kind = Kind::api_key;
    method.billing = Billing::metered;
    method.env = {"EXAMPLE_API_KEY", "OTHER_API_KEY"};
    return method;
}

inline Target target_with(std::vector<Method> methods) {
    Target target;
    target.provider = "example";
    target.methods = std::move(methods);
    target.origins = {"https://api.example.com"};
    return target;
}

inline Credential login(Time expires_at, std::string refresh_token = "sandbox-refresh-0") {
    Credential credential;
    credential.id = {"example", "default"};
    credential.method = "subscription";
    credential.access_token = Secret("sandbox-access-0");
    credential.refresh_token = Secret(std::move(refresh_token));
    credential.token_type = "Bearer";
    credential.expires_at = expires_at;
    credential.obtained_at = expires_at - std::chrono::hours(1);
    return credential;
}

struct World {
    TemporaryFolder folder;
    std::atomic<int> now = 0;  // seconds of at()
    std::map<std::string, std::string> variables;
    StoreFault fault;  // set before the broker is made
    std::mutex mutex;  // guards what follows
    std::deque<http::Outcome> answers;
    std::vector<http::Request> requests;
    std::function<void()> before_answer;  // runs while the request is on its way
    std::string told;                     // of refreshes: "ok failed ..."

    http::Outcome send(const http::Request& request) {
        std::function<void()> hook;
        {
            const std::lock_guard guard(mutex);
            requests.push_back(request);
            hook = before_answer;
        }
        if (hook) hook();
        const std::lock_guard guard(mutex);
        if (request.url.ends_with("/revoke")) return answered(200, "");
        if (answers.empty()) return lost(http::Delivery::not_sent);
        auto answer = answers.front();
        if (answers.size() > 1) answers.pop_front();
        return answer;
    }

    std::shared_ptr<CredentialStore> store() {
        return open_file_store(
            {.folder = folder.path() / "credentials",
             .fault = [this](auto step, auto file) { return fault ? fault(step, file) : 0; }});
    }

    Services services() {
        return {.store = store(),
                .leases = std::make_shared<LeaseTable>(folder.path() / "leases"),
                .send = [this](const auto& request, const auto&, auto) { return send(request); },
                .clock = [this] { return at(now); },
                .environment = [this](const std::string& name) -> std::optional<std::string> {
                    const auto found = variables.find(name);
                    return found == variables.end() ? std::nullopt : std::optional(found->second);
                },
                .on_refresh =
                    [this](const CredentialId& id, bool ok) {
                        const std::lock_guard guard(mutex);
                        told += id.provider + (ok ? " ok;" : " failed;");
                    }};
    }

    std::string refreshes_told() {
        const std::lock_guard guard(mutex);
        return told;
    }

    // How many requests went to the token endpoint.
    int refreshes() {
        const std::lock_guard guard(mutex);
        return static_cast<int>(
            std::count_if(requests.begin(), requests.end(), [](const auto& request) {
                return request.url.ends_with("/token");
            }));
    }
    int revocations() {
        const std::lock_guard guard(mutex);
        return static_cast<int>(requests.size()) -
               static_cast<int>(
                   std::count_if(requests.begin(), requests.end(), [](const auto& request) {
                       return request.url.ends_with("/token");
                   }));
    }
};

}  // namespace handover::auth::testing
