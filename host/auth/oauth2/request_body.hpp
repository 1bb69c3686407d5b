// The body of a request to an authorization server: parameters in order, as a form or as a JSON
// object of strings. Pure.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>

#include "auth/method.hpp"
#include "http/message.hpp"
#include "secret/secret.hpp"
#include "text/encoding.hpp"

namespace handover::auth::oauth2 {

// Values may be secrets: wiped with the body.
class RequestBody {
public:
    RequestBody() = default;
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;
    ~RequestBody();

    void add(std::string_view name, std::string_view value);
    // The method's own `token_params`. CONFIG_INVALID for one that is the host's.
    Result<void> add_token_params(const Method& method);

    [[nodiscard]] Secret form() const;
    [[nodiscard]] Secret json() const;

private:
    text::Parameters parameters_;
};

http::Request post(const std::string& url, BodyEncoding encoding, const RequestBody& body);

// True for the parameters of a token request that are the host's alone: `token_params` may not set
// them.
bool host_owns_token_parameter(std::string_view name);

}  // namespace handover::auth::oauth2
