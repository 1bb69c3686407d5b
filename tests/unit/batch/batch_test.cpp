#include "batch/batch.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "batch/in_flight.hpp"
#include "batch/result_line.hpp"
#include "folder.hpp"

using namespace handover;
using namespace handover::batch;
using namespace std::chrono_literals;

namespace {

std::string request(const std::string& id) {
    return R"({"custom_id":")" + id +
           R"(","method":"POST","url":"/v1/responses","body":{"input":"hi"}})" + "\n";
}

std::string requests(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += request("r" + std::to_string(i));
    return text;
}

// An upstream that answers by a rule and remembers what it was sent.
struct Upstream {
    std::function<Answer(const std::string& id, int times_sent)> rule = [](const std::string&,
                                                                           int) {
        return Answer{.status_code = 200,
                      .request_id = "req",
                      .body = R"({"ok":true})",
                      .error = {},
                      .until = {}};
    };
    std::mutex mutex = {};  // guards sent
    std::map<std::string, int> sent = {};
    std::atomic<int> in_flight = 0;
    std::atomic<int> most_in_flight = 0;

    SendLine sender() {
        return [this](std::size_t, const RequestLine& line, const std::stop_token&) {
            const int now = ++in_flight;
            int seen = most_in_flight;
            while (seen < now && !most_in_flight.compare_exchange_weak(seen, now)) {
            }
            int times = 0;
            {
                const std::lock_guard lock(mutex);
                times = ++sent[line.custom_id];
            }
            auto answer = rule(line.custom_id, times);
            --in_flight;
            return answer;
        };
    }
};

Answer failure(Errc code, int status = 0, std::optional<Time> until = {}) {
    return {.status_code = status,
            .request_id = {},
            .body = "{}",
            .error = Error{.code = code, .message = "no", .reason = {}, .fix = {}},
            .until = until};
}

struct Fixture {
    Folder folder = {};
    Upstream upstream = {};
    Options options = {};
    Watch watch = {
        .progress = {}, .notice = {}, .clock = [] { return std::chrono::system_clock::now(); }};
    std::stop_source stop = {};

    explicit Fixture(const std::string& input) {
        write(folder / "in", input);
        options = {.input = (folder / "in").string(),
                   .output = (folder / "out").string(),
                   .concurrency = 1};
    }
    Result<Report> run() { return run_batch(options, upstream.sender(), watch, stop.get_token()); }
    [[nodiscard]] std::map<std::string, bool> recorded() const {
        std::map<std::string, bool> by_id;
        std::string text = read(folder / "out");
        while (!text.empty()) {
            const auto end = text.find('\n');
            REQUIRE(end != std::string::npos);
            const auto line = parse_recorded(text.substr(0, end));
            REQUIRE(line);
            CHECK(by_id.emplace(line->custom_id, line->failed).second);
            text.erase(0, end + 1);
        }
        return by_id;
    }
};

}  // namespace

TEST_CASE("every line is answered once, whatever the concurrency") {
    const auto concurrency = GENERATE(1U, 8U);
    Fixture f(requests(200));
    f.options.concurrency = concurrency;
    const auto report = f.run();
    REQUIRE(report);
    CHECK(report->total == 200);
    CHECK(report->done == 200);
    CHECK(report->failed == 0);
    CHECK_FALSE(report->stopped);
    CHECK(f.recorded().size() == 200);
    CHECK(f.upstream.most_in_flight <= static_cast<int>(concurrency));
    CHECK_FALSE(std::filesystem::exists(f.folder / "out.state"));
}

TEST_CASE("answered lines are never sent again") {
    Fixture f(requests(10));
    REQUIRE(f.run());
    const auto report = f.run();
    REQUIRE(report);
    CHECK(report->answered_before == 10);
    CHECK(std::all_of(f.upstream.sent.begin(), f.upstream.sent.end(), [](const auto& s) {
        return s.second == 1;
    }));
    CHECK(f.upstream.sent.size() == 10);
}

TEST_CASE("nothing is sent while a line is bad, and each is named") {
    Fixture f(request("a") + "\n{\n" + request("b") + request("a") + R"({"custom_id":"c"})" + "\n");
    const auto report = f.run();
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Errc::batch_input_invalid);
    CHECK(report.error().message.find("3 bad lines") != std::string::npos);
    CHECK(report.error().reason.find("line 3: not JSON") != std::string::npos);
    CHECK(report.error().reason.find("line 5: custom_id \"a\" stands on line 1 already") !=
          std::string::npos);
    CHECK(report.error().reason.find("line 6: \"method\" is missing") != std::string::npos);
    CHECK(f.upstream.sent.empty());
    CHECK_FALSE(std::filesystem::exists(f.folder / "out"));
}

TEST_CASE("a failed line is recorded; --retry-failed sends it again and keeps the later line") {
    Fixture f(requests(3));
    f.upstream.rule = [](const std::string& id, int times) {
        if (id == "r1" && times == 1) return failure(Errc::provider_rejected, 400);
        return Answer{.status_code = 200, .request_id = {}, .body = "{}", .error = {}, .until = {}};
    };
    auto report = f.run();
    REQUIRE(report);
    CHECK(report->failed == 1);
    CHECK(f.recorded() == std::map<std::string, bool>{{"r0", false}, {"r1", true}, {"r2", false}});
    report = f.run();
    REQUIRE(report);
    CHECK(f.upstream.sent["r1"] == 1);
    f.options.retry_failed = true;
    report = f.run();
    REQUIRE(report);
    CHECK(report->failed == 0);
    CHECK(f.upstream.sent == std::map<std::string, int>{{"r0", 1}, {"r1", 2}, {"r2", 1}});
    CHECK(f.recorded() == std::map<std::string, bool>{{"r0", false}, {"r1", false}, {"r2", false}});
}

TEST_CASE("a quota stops the batch; the line is not answered and is sent in the next run") {
    Fixture f(requests(5));
    bool exhausted = true;
    f.upstream.rule = [&](const std::string& id, int) {
        if (exhausted && id == "r2") return failure(Errc::provider_quota_exhausted, 429);
        return Answer{.status_code = 200, .request_id = {}, .body = "{}", .error = {}, .until = {}};
    };
    auto report = f.run();
    REQUIRE(report);
    REQUIRE(report->stopped);
    CHECK(report->stopped->code == Errc::provider_quota_exhausted);
    CHECK(report->done == 2);
    exhausted = false;
    report = f.run();
    REQUIRE(report);
    CHECK(report->sent_again == 0);
    CHECK(report->done == 5);
}

TEST_CASE("--wait goes on after the reset") {
    Fixture f(requests(2));
    f.options.wait = true;
    std::vector<std::string> notices;
    f.watch.notice = [&](const std::string& text) { notices.push_back(text); };
    f.upstream.rule = [](const std::string& id, int times) {
        if (id == "r0" && times == 1) {
            return failure(
                Errc::provider_quota_exhausted, 429, std::chrono::system_clock::now() - 1h);
        }
        return Answer{.status_code = 200, .request_id = {}, .body = "{}", .error = {}, .until = {}};
    };
    const auto report = f.run();
    REQUIRE(report);
    CHECK_FALSE(report->stopped);
    CHECK(report->done == 2);
    CHECK(notices.size() == 1);
}

TEST_CASE("an authentication failure stops the batch, a lost upstream too") {
    Fixture f(requests(50));
    f.upstream.rule = [](const std::string&, int) { return failure(Errc::auth_session_expired); };
    auto report = f.run();
    REQUIRE(report);
    CHECK(report->stopped->code == Errc::auth_session_expired);
    CHECK(report->done == 0);
    f.upstream.rule = [](const std::string&, int) { return failure(Errc::provider_unavailable); };
    report = f.run();
    REQUIRE(report);
    CHECK(report->stopped->code == Errc::provider_unavailable);
    CHECK(report->done == 20);
}

TEST_CASE("a rate limit that lasts is a limit for every line; a short one is this line's") {
    Fixture f(requests(3));
    const auto later = std::chrono::system_clock::now() + 5min;
    f.upstream.rule = [&](const std::string&, int) {
        return failure(Errc::provider_rate_limited, 429, later);
    };
    auto report = f.run();
    REQUIRE(report);
    REQUIRE(report->stopped);
    CHECK(report->stopped->code == Errc::provider_rate_limited);
    CHECK(report->done == 0);
    f.upstream.rule = [](const std::string&, int) {
        return failure(Errc::provider_rate_limited, 429);
    };
    report = f.run();
    REQUIRE(report);
    CHECK_FALSE(report->stopped);
    CHECK(report->done == 3);
    CHECK(report->failed == 3);
    f.upstream.rule = {};
    report = f.run();
    REQUIRE(report);
    CHECK(report->failed == 0);
    CHECK(report->failed_before == 3);
}

TEST_CASE("an upstream that serves nobody ends the batch, one that rejects lines does not") {
    const auto code =
        GENERATE(Errc::provider_unavailable, Errc::provider_rate_limited, Errc::provider_rejected);
    Fixture f(requests(50));
    f.upstream.rule = [&](const std::string& id, int) {
        // One in between that is served: the count begins anew.
        if (id == "r10")
            return Answer{
                .status_code = 200, .request_id = {}, .body = "{}", .error = {}, .until = {}};
        return failure(code, code == Errc::provider_rejected ? 400 : 503);
    };
    const auto report = f.run();
    REQUIRE(report);
    CHECK(report->stopped.has_value() == (code != Errc::provider_rejected));
    CHECK(report->done == (code == Errc::provider_rejected ? 50U : 31U));
}

TEST_CASE("a stopped batch says which lines it sends again") {
    Fixture f(requests(10));
    f.upstream.rule = [&](const std::string& id, int times) {
        if (id == "r4" && times == 1) {
            f.stop.request_stop();
            return failure(Errc::provider_unavailable);
        }
        return Answer{.status_code = 200, .request_id = {}, .body = "{}", .error = {}, .until = {}};
    };
    auto report = f.run();
    REQUIRE(report);
    CHECK(report->done == 4);
    f.stop = {};
    report = f.run();
    REQUIRE(report);
    CHECK(report->sent_again == 1);
    CHECK(report->done == 10);
    CHECK(f.upstream.sent["r4"] == 2);
    CHECK(f.recorded().size() == 10);
}

TEST_CASE("an output of another batch is refused") {
    Fixture f(requests(2));
    REQUIRE(f.run());
    write(f.folder / "in", request("other"));
    const auto report = f.run();
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Errc::usage);
    CHECK(report.error().reason.find("\"r0\"") != std::string::npos);
    CHECK(f.recorded().size() == 2);
}
