// The whole sandbox without a socket.
#include "sandbox/service.hpp"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include <fstream>
#include <sstream>

using namespace handover::sandbox;
using handover::Time;
namespace json = boost::json;
namespace text = handover::text;

namespace {

constexpr auto* verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr auto* challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
constexpr auto* redirect = "http://localhost:1455/auth/callback";
const Time start{std::chrono::seconds(1'700'000'000)};

struct Peer {
    Service service{{.issuer = "http://127.0.0.1:9", .token_lifetime = std::chrono::seconds(60)},
                    *Signer::create(),
                    Faults()};

    Reply send(Request request, Time now = start) {
        request.headers.emplace_back("host", "127.0.0.1:9");
        auto reply = service.handle(request, now);
        service.finished(reply, Finish::sent);
        return reply;
    }
    Reply get(const std::string& path) { return send({.path = path}); }
    Reply form(const std::string& path, const text::Parameters& parameters) {
        return send({.method = "POST",
                     .path = path,
                     .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                     .body = text::form_encode(parameters)});
    }
    Reply json_body(const std::string& path, const std::string& body) {
        return send({.method = "POST",
                     .path = path,
                     .headers = {{"content-type", "application/json"}},
                     .body = body});
    }
    void fault(const std::string& body) {
        REQUIRE(json_body("/_sandbox/faults", body).status == 200);
    }
    json::object counters() { return json::parse(get("/_sandbox/counters").body).as_object(); }

    // The redirect's parameters.
    text::Parameters authorize() {
        const auto reply = send({.path = "/oauth/authorize",
                                 .query = text::form_encode({{"response_type", "code"},
                                                             {"client_id", "c"},
                                                             {"redirect_uri", redirect},
                                                             {"scope", "openid offline_access"},
                                                             {"state", "st"},
                                                             {"nonce", "n"},
                                                             {"code_challenge", challenge},
                                                             {"code_challenge_method", "S256"}})});
        REQUIRE(reply.status == 302);
        const auto& location = reply.headers.front().second;
        REQUIRE(location.find(redirect) == 0);
        return *text::form_decode(location.substr(location.find('?') + 1));
    }
    json::object login() {
        const auto reply = form("/oauth/token",
                                {{"grant_type", "authorization_code"},
                                 {"code", value(authorize(), "code")},
                                 {"redirect_uri", redirect},
                                 {"client_id", "c"},
                                 {"code_verifier", verifier}});
        REQUIRE(reply.status == 200);
        return json::parse(reply.body).as_object();
    }
    Reply refresh(const std::string& token) {
        return form(
            "/oauth/token",
            {{"grant_type", "refresh_token"}, {"refresh_token", token}, {"client_id", "c"}});
    }
    Reply ask(const std::string& credential, Time now = start) {
        return send({.method = "POST",
                     .path = "/v1/responses",
                     .headers = {{"authorization", "Bearer " + credential}},
                     .body = R"({"model":"m","input":"hi"})"},
                    now);
    }

    static std::string value(const text::Parameters& parameters, std::string_view name) {
        for (const auto& [key, found] : parameters) {
            if (key == name) return found;
        }
        return {};
    }
};

std::string string(const json::object& object, std::string_view name) {
    return std::string(object.at(name).as_string());
}

json::object claims(const std::string& token) {
    const auto first = token.find('.');
    const auto second = token.find('.', first + 1);
    return json::parse(*text::base64url_decode(
                           std::string_view(token).substr(first + 1, second - first - 1)))
        .as_object();
}

}  // namespace

TEST_CASE("a login, a request, a refresh, a logout") {
    Peer peer;
    const auto answer = peer.authorize();
    CHECK(Peer::value(answer, "state") == "st");
    CHECK(Peer::value(answer, "iss") == "http://127.0.0.1:9");

    const auto tokens = peer.login();
    const auto id = claims(string(tokens, "id_token"));
    CHECK(string(id, "nonce") == "n");
    CHECK(string(id, "iss") == "http://127.0.0.1:9");
    CHECK(id.at("aud").as_array().front() == "c");
    CHECK(string(id.at("https://api.openai.com/auth").as_object(), "chatgpt_plan_type") == "plus");
    CHECK(tokens.at("expires_in") == 60);

    const auto access = string(tokens, "access_token");
    CHECK(peer.ask(access, start + std::chrono::seconds(59)).status == 200);
    CHECK(peer.ask(access, start + std::chrono::seconds(60)).status == 401);

    const auto next = json::parse(peer.refresh(string(tokens, "refresh_token")).body).as_object();
    CHECK(peer.json_body("/oauth/revoke", R"({"token":")" + string(next, "refresh_token") + "\"}")
              .status == 200);
    CHECK(peer.ask(access).status == 401);
    CHECK(peer.refresh(string(next, "refresh_token")).status == 400);
    const auto counted = peer.counters();
    CHECK(counted.at("refreshes") == 2);
    CHECK(counted.at("refresh_successes") == 1);
    CHECK(counted.at("revocations") == 1);
    CHECK(counted.at("model_requests") == 3);
    CHECK(counted.at("model_successes") == 1);
    CHECK(counted.at("max_in_flight") == 1);
    CHECK(counted.at("in_flight") == 0);
}

TEST_CASE("reuse is counted, and told in either language") {
    Peer peer;
    const auto first = string(peer.login(), "refresh_token");
    const auto next = json::parse(peer.refresh(first).body).as_object();
    CHECK(peer.refresh(first).body.find("invalid_grant") != std::string::npos);
    CHECK(peer.refresh(string(next, "refresh_token")).status == 400);
    peer.fault(R"({"codex_error_codes":true})");
    const auto told = peer.refresh(first);
    CHECK(told.status == 401);
    CHECK(told.body.find("refresh_token_reused") != std::string::npos);
    CHECK(peer.counters().at("reuse_detections") == 3);
    // Self-contained tokens outlive their family.
    CHECK(peer.ask(string(next, "access_token")).status == 200);
}

TEST_CASE("faults of the token endpoint, and what they spend") {
    Peer peer;
    const auto token = string(peer.login(), "refresh_token");
    peer.fault(R"({"token_drop_connection":1})");
    CHECK(peer.refresh(token).ending == Ending::no_answer);
    peer.fault(R"({"token_status":{"value":429,"count":1},"retry_after":{"value":7,"count":1}})");
    const auto limited = peer.refresh(token);
    CHECK(limited.status == 429);
    CHECK(limited.headers.back() == std::pair<std::string, std::string>{"Retry-After", "7"});
    peer.fault(R"({"token_html":1})");
    CHECK(peer.refresh(token).body.find("<!doctype") == 0);
    peer.fault(R"({"refresh_error":{"value":"refresh_token_expired","count":1}})");
    CHECK(peer.refresh(token).body.find("refresh_token_expired") != std::string::npos);
    CHECK(peer.counters().at("refresh_successes") == 0);
    peer.fault(R"({"token_lose_answer":1})");
    CHECK(peer.refresh(token).ending == Ending::no_answer);
    CHECK(peer.counters().at("refresh_successes") == 1);
    CHECK(peer.refresh(token).status == 400);  // it was spent
}

TEST_CASE("faults of the tokens themselves") {
    Peer peer;
    peer.fault(
        R"({"no_expires_in":1,"no_refresh_token":1,"no_id_token":1,"opaque_access_token":1})");
    const auto bare = peer.login();
    CHECK(bare.size() == 3);
    CHECK(string(bare, "access_token").find("sandbox-at-") == 0);
    peer.fault(R"({"id_token_alg_none":1,"id_token_wrong_nonce":1,"id_token_wrong_aud":1,
                   "id_token_expired":1,"id_token_wrong_iss":1,"expires_in_text":1})");
    const auto odd = peer.login();
    const auto id = string(odd, "id_token");
    CHECK(id.back() == '.');
    CHECK(string(claims(id), "nonce") != "n");
    CHECK(claims(id).at("aud").as_array().front() != "c");
    CHECK(string(claims(id), "iss") != "http://127.0.0.1:9");
    CHECK(claims(id).at("exp").as_int64() < 1'700'000'000);
    CHECK(string(odd, "expires_in") == "60");
}

TEST_CASE("authorization requests that are refused") {
    Peer peer;
    CHECK(peer.send({.path = "/oauth/authorize",
                     .query = "client_id=c&redirect_uri=https://evil.example/"})
              .status == 400);
    const auto reply =
        peer.send({.path = "/oauth/authorize",
                   .query = "client_id=c&response_type=code&redirect_uri=http://localhost/"});
    CHECK(reply.headers.front().second.find("error=invalid_request") != std::string::npos);
    peer.fault(R"({"authorize_deny":1,"authorize_wrong_state":1,"authorize_no_iss":1})");
    const auto denied = peer.authorize();
    CHECK(Peer::value(denied, "error") == "access_denied");
    CHECK(Peer::value(denied, "state") != "st");
    CHECK(Peer::value(denied, "iss").empty());
}

TEST_CASE("both device flows") {
    Peer peer;
    peer.fault(R"({"device_pending":2})");
    const auto started =
        json::parse(
            peer.json_body("/api/accounts/deviceauth/usercode", R"({"client_id":"c"})").body)
            .as_object();
    const auto poll = R"({"device_auth_id":")" + string(started, "device_auth_id") + "\"}";
    CHECK(peer.json_body("/api/accounts/deviceauth/token", poll).status == 403);
    CHECK(peer.json_body("/api/accounts/deviceauth/token", poll).status == 403);
    const auto done =
        json::parse(peer.json_body("/api/accounts/deviceauth/token", poll).body).as_object();
    CHECK(peer.form("/oauth/token",
                    {{"grant_type", "authorization_code"},
                     {"code", string(done, "authorization_code")},
                     {"redirect_uri", "http://127.0.0.1:9/deviceauth/callback"},
                     {"client_id", "c"},
                     {"code_verifier", string(done, "code_verifier")}})
              .status == 200);

    const auto device =
        json::parse(peer.form("/oauth/device_authorization", {{"client_id", "c"}}).body)
            .as_object();
    const text::Parameters wanted = {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                                     {"device_code", string(device, "device_code")},
                                     {"client_id", "c"}};
    peer.fault(R"({"device_pending":1})");
    CHECK(peer.form("/oauth/token", wanted).body.find("authorization_pending") !=
          std::string::npos);
    CHECK(peer.form("/oauth/token", wanted).status == 200);
    CHECK(peer.form("/oauth/token", wanted).status == 400);
}

TEST_CASE("faults of the model API") {
    Peer peer;
    const auto status = [&](const std::string& fault) {
        peer.fault(R"({"reset":true,)" + fault + "}");
        return peer.ask("sandbox-key-1").status;
    };
    CHECK(status(R"("model_401_once":true)") == 401);
    CHECK(peer.ask("sandbox-key-1").status == 200);
    CHECK(status(R"("model_429_usage_limit":5)") == 429);
    CHECK(peer.ask("sandbox-key-1").body.find("\"resets_at\":1700000005") != std::string::npos);
    CHECK(status(R"("model_rate_limit":true)") == 429);
    CHECK(status(R"("model_status":503)") == 503);
    CHECK(status(R"("model_html":true)") == 403);
    CHECK(status(R"("redirect_model":"http://127.0.0.1:1/")") == 307);
    peer.fault(R"({"reset":true,"model_drop_mid_stream":1,"echo_authorization":1})");
    const auto cut = peer.ask("sandbox-key-1");
    CHECK(cut.ending == Ending::half_an_answer);
    CHECK(cut.headers.back().second.size() == 64);
}

TEST_CASE("who is let in") {
    Peer peer;
    CHECK(peer.ask("sandbox-key-anything").status == 200);
    CHECK(peer.ask("sandbox-kex").status == 401);
    CHECK(peer.ask("").status == 401);
    const auto remembered = json::parse(peer.get("/_sandbox/last_model_request").body).as_object();
    CHECK(string(remembered.at("headers").as_object(), "authorization").find("sha256:") == 0);
    CHECK(is_loopback_host("localhost"));
    CHECK(is_loopback_host("127.0.0.1:80"));
    CHECK(is_loopback_host("[::1]:80"));
    CHECK(is_loopback_host("[::1]"));
    for (const auto* bad :
         {"", "evil.example", "localhost.evil.example:80", "127.0.0.1.evil", "[::2]"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_loopback_host(bad));
    }
    CHECK(peer.service
              .handle({.path = "/_sandbox/counters", .headers = {{"host", "evil.example"}}}, start)
              .status == 403);
    CHECK(peer.send({.method = "POST",
                     .path = "/_sandbox/faults",
                     .headers = {{"origin", "http://evil.example"}},
                     .body = "{}"})
              .status == 403);
}
