// The smaller parts of the front: routes, metrics, the report of a request, lines for clients,
// sockets.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/awaitable.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gateway/api_error.hpp"
#include "gateway/client_config.hpp"
#include "gateway/listening_socket.hpp"
#include "gateway/metrics.hpp"
#include "gateway/request_report.hpp"
#include "gateway/routes.hpp"

namespace handover::gateway {
namespace {

using namespace std::chrono_literals;

boost::asio::awaitable<void> nothing(ClientRequest& /*request*/, Responder& /*responder*/) {
    co_return;
}

bool has(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

config::ListenAddress at(std::string_view text) {
    return config::parse_listen_address(text).value();
}

}  // namespace

TEST_CASE("which route answers") {
    Routes routes;
    routes.add("GET", "/v1/models", nothing);
    routes.add("GET", "/v1/models/*", nothing);
    routes.add("POST", "/v1/responses", nothing);
    routes.add("POST", "/v1/models", nothing);
    CHECK(routes.find("GET", "/v1/models").answer != nullptr);
    CHECK(routes.find("HEAD", "/v1/models").answer == routes.find("GET", "/v1/models").answer);
    CHECK(routes.find("GET", "/v1/models/a/b").answer != nullptr);
    CHECK(routes.find("GET", "/v1/models/").answer == nullptr);
    CHECK(routes.find("GET", "/v1/modelsx").answer == nullptr);
    CHECK(routes.find("POST", "/v1/responses").answer != nullptr);
    CHECK(routes.find("GET", "/v1/responses").allowed == "POST");
    CHECK(routes.find("PUT", "/v1/models").allowed == "GET, HEAD, POST");
    CHECK(routes.find("GET", "/v1").allowed.empty());
    CHECK(routes.find("get", "/v1/models").answer == nullptr);
}

TEST_CASE("metrics of all loops, as Prometheus reads them") {
    Metrics metrics(2);
    metrics.of(0).request({.provider = "codex", .dialect = "responses", .status = 200});
    metrics.of(1).request({.provider = "codex", .dialect = "responses", .status = 200});
    metrics.of(1).request({.provider = "codex", .dialect = "responses", .status = 429});
    metrics.of(0).tokens("codex", "output", 5);
    metrics.of(1).tokens("codex", "output", 7);
    metrics.of(1).tokens("codex", "cached", 0);
    metrics.of(0).refresh("codex", "ok");
    metrics.of(0).lease_wait("codex", 0.2);
    metrics.of(0).fallback("codex");
    metrics.of(0).retry("a\"b\\c\nd");
    metrics.of(0).added(0.00005);
    metrics.of(0).added(0.00006);
    metrics.of(1).added(2);
    metrics.of(1).upstream("codex", 0.3);
    ++metrics.of(0).in_flight;
    metrics.of(1).queued += 3;
    const auto text = metrics.text();
    CHECK(has(text,
              R"(handover_requests_total{provider="codex",dialect="responses",status="200"} 2)"));
    CHECK(has(text,
              R"(handover_requests_total{provider="codex",dialect="responses",status="429"} 1)"));
    CHECK(has(text, R"(handover_tokens_total{provider="codex",kind="output"} 12)"));
    CHECK(text.find("cached") == std::string::npos);
    CHECK(has(text, R"(handover_refreshes_total{provider="codex",outcome="ok"} 1)"));
    CHECK(has(text, R"(handover_fallbacks_total{from="codex"} 1)"));
    CHECK(has(text, R"(handover_retries_total{provider="a\"b\\c\nd"} 1)"));
    CHECK(has(text, "handover_in_flight_requests 1"));
    CHECK(has(text, "handover_queued_requests 3"));
    // A bound belongs to its bucket; buckets add up.
    CHECK(has(text, R"(handover_added_seconds_bucket{le="5e-05"} 1)"));
    CHECK(has(text, R"(handover_added_seconds_bucket{le="0.0001"} 2)"));
    CHECK(has(text, R"(handover_added_seconds_bucket{le="1"} 2)"));
    CHECK(has(text, R"(handover_added_seconds_bucket{le="+Inf"} 3)"));
    CHECK(has(text, "handover_added_seconds_count 3"));
    CHECK(has(text, R"(handover_upstream_seconds_bucket{provider="codex",le="0.25"} 0)"));
    CHECK(has(text, R"(handover_upstream_seconds_bucket{provider="codex",le="0.5"} 1)"));
    CHECK(has(text, R"(handover_upstream_seconds_sum{provider="codex"} 0.3)"));
    CHECK(has(text, R"(handover_lease_wait_seconds_count{provider="codex"} 1)"));
}

TEST_CASE("the time that the gateway added") {
    ClientRequest request;
    const auto start = std::chrono::steady_clock::now();
    request.received = start;
    AnswerFacts facts{.status = 200, .first_byte = start + 300ms, .ended = start + 1s};
    CHECK(!added_time(request, facts));
    request.notes.upstream_sent = start + 2ms;
    CHECK(!added_time(request, facts));
    request.notes.upstream_first_byte = start + 299ms;
    CHECK(added_time(request, facts) == 3ms);
    facts.first_byte.reset();
    CHECK(!added_time(request, facts));
}

TEST_CASE("an error in the shape that OpenAI's clients read") {
    CHECK(
        error_body({.status = 429, .message = "slow \"down\"", .type = "requests"}, "req_1") ==
        R"({"error":{"message":"slow \"down\"","type":"requests","param":null,"code":null,"request_id":"req_1"}})"
        "\n");
    const auto headers = error_headers(
        {.status = 429, .should_retry = false, .retry_after = std::chrono::seconds(90)});
    CHECK(http::find_header(headers, "x-should-retry") == "false");
    CHECK(http::find_header(headers, "retry-after") == "90");
    CHECK(http::find_header(headers, "content-type") == "application/json");
}

TEST_CASE("lines that make a client use the gateway") {
    CHECK(environment_lines("http://127.0.0.1:4141", "hok_x") ==
          "export OPENAI_BASE_URL='http://127.0.0.1:4141/v1'\nexport OPENAI_API_KEY='hok_x'\n");
    CHECK(environment_lines("unix:/tmp/it's", "hok_x") == "export HANDOVER_GATEWAY_KEY='hok_x'\n");
    for (const auto* client : {"codex", "openai-node", "openai-python", "curl"}) {
        CAPTURE(client);
        const auto lines = client_config(client, "http://127.0.0.1:4141", "");
        REQUIRE(lines);
        CHECK(lines->find("http://127.0.0.1:4141/v1") != std::string::npos);
        CHECK(lines->find("{}") == std::string::npos);
        CHECK(lines->find("OPENAI_API_KEY") != std::string::npos);
    }
    const auto socket = client_config("curl", "unix:/run/h.sock", "mine/m");
    REQUIRE(socket);
    for (const auto* part : {"--unix-socket '/run/h.sock' http://localhost/v1/responses",
                             R"("model": "mine/m")",
                             "Bearer $HANDOVER_GATEWAY_KEY"}) {
        CAPTURE(part);
        CHECK(socket->find(part) != std::string::npos);
    }
    CHECK(socket->find("OPENAI_API_KEY") == std::string::npos);
    CHECK(!client_config("codex", "unix:/run/h.sock", ""));
    const auto unknown = client_config("openai-nod", "http://127.0.0.1:4141", "");
    REQUIRE(!unknown);
    CHECK(unknown.error().message.find("openai-node") != std::string::npos);
}

TEST_CASE("where the gateway listens") {
    struct Case {
        const char* address;
        Entrance entrance;
        const char* begins;
    };
    const Case cases[] = {{"127.0.0.1:0", Entrance::loopback, "127.0.0.1:"},
                          {"localhost:0", Entrance::loopback, "127.0.0.1:"},
                          {"127.0.0.2:0", Entrance::loopback, "127.0.0.2:"},
                          {"0.0.0.0:0", Entrance::remote, "0.0.0.0:"}};
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.address) {
            const auto socket = ListeningSocket::open(at(c.address), true);
            REQUIRE(socket);
            CHECK(socket->entrance() == c.entrance);
            CHECK(socket->address().starts_with(c.begins));
            CHECK(!socket->address().ends_with(":0"));
        }
    }
    SECTION("beyond loopback only where that is meant") {
        const auto socket = ListeningSocket::open(at("0.0.0.0:0"), false);
        REQUIRE(!socket);
        CHECK(socket.error().fix.find("--allow-remote") != std::string::npos);
        CHECK(!ListeningSocket::open(at("[::]:0"), false));
    }
    SECTION("not where somebody else listens") {
        const auto first = ListeningSocket::open(at("127.0.0.1:0"), false);
        REQUIRE(first);
        const auto again = first->address();
        const auto second = ListeningSocket::open(at(again), false);
        REQUIRE(!second);
        CHECK(second.error().message == "cannot listen on " + again);
    }
}

TEST_CASE("a Unix socket") {
    std::string folder = (std::filesystem::temp_directory_path() / "handover-sock-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    const auto path = folder + "/gateway.sock";
    const auto address = at("unix:" + path);
    {
        auto socket = ListeningSocket::open(address, false);
        REQUIRE(socket);
        CHECK(socket->entrance() == Entrance::local);
        CHECK(socket->address() == "unix:" + path);
        using std::filesystem::perms;
        CHECK((std::filesystem::status(path).permissions() & perms::mask) ==
              (perms::owner_read | perms::owner_write));
        CHECK(!ListeningSocket::open(address, false));  // somebody listens
    }
    CHECK(std::filesystem::exists(path));  // as after a kill
    {
        auto socket = ListeningSocket::open(address, false);
        REQUIRE(socket);
        socket->stop();
        CHECK(!std::filesystem::exists(path));
    }
    std::ofstream(path) << "somebody's";
    CHECK(!ListeningSocket::open(address, false));  // a file of somebody's is left alone
    CHECK(std::filesystem::exists(path));
    std::filesystem::remove_all(folder);
}

TEST_CASE("sockets that systemd hands over") {
    CHECK(handed_over_sockets("41", "1", 41) == 1);
    CHECK(handed_over_sockets("41", "3", 41) == 3);
    CHECK(handed_over_sockets("41", "1", 42) == 0);
    CHECK(handed_over_sockets({}, "1", 41) == 0);
    CHECK(handed_over_sockets("41", {}, 41) == 0);
    CHECK(handed_over_sockets("41", "0", 41) == 0);
    CHECK(handed_over_sockets("41", "-1", 41) == 0);
    CHECK(handed_over_sockets("41x", "1", 41) == 0);
    CHECK(handed_over_sockets("41", "99999", 41) == 16);
    // One that does not listen is none.
    platform::Descriptor plain(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK(!ListeningSocket::adopt(std::move(plain), false));
}

}  // namespace handover::gateway
