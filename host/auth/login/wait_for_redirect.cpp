#include "auth/login/wait_for_redirect.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "secret/secret.hpp"
#include "text/time.hpp"

namespace handover::auth::login {
namespace {

using oauth2::AuthorizationResponse;
using std::chrono::steady_clock;

// Wakes the poll from whichever thread asks to stop.
class StopWatch {
public:
    explicit StopWatch(const std::stop_token& stop)
        : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, Wake{event_.get()}) {}
    [[nodiscard]] int fd() const { return event_.get(); }

private:
    struct Wake {
        int fd;
        void operator()() const noexcept {
            const std::uint64_t one = 1;
            (void)!write(fd, &one, sizeof(one));
        }
    };
    platform::Descriptor event_;
    std::stop_callback<Wake> callback_;
};

Failure cancelled() {
    return fail({.code = Errc::auth_cancelled,
                 .message = "the login was cancelled",
                 .reason = {},
                 .fix = "run it again when you are ready"});
}

Failure timed_out(std::chrono::milliseconds timeout, const std::string& last_paste) {
    std::string reason = "nothing came back within " + text::describe_duration(timeout);
    if (!last_paste.empty()) reason += "; what was pasted could not be used: " + last_paste;
    return fail({.code = Errc::auth_timeout,
                 .message = "the sign-in was not finished in time",
                 .reason = std::move(reason),
                 .fix = "run the login again; --timeout gives it longer"});
}

class Waiting {
public:
    Waiting(const Wait& wait, const std::stop_token& stop)
        : wait_(wait),
          stop_(stop),
          stop_watch_(stop),
          started_(steady_clock::now()),
          timeout_(wait.timeout) {}

    Result<AuthorizationResponse> run() {
        while (true) {
            if (stop_.stop_requested()) return cancelled();
            if (steady_clock::now() >= started_ + timeout_) return timed_out(timeout_, last_paste_);
            const auto entries = poll_once();
            if (auto target = wait_.server.advance(entries, steady_clock::now()))
                return accept(*target);
            if (auto pasted = read_paste(entries)) return accept(*pasted);
            watch_browser(entries);
        }
    }

private:
    Result<AuthorizationResponse> accept(std::string& target) const {
        auto response = oauth2::parse_callback(target, wait_.expected);
        wipe(target);
        return response;
    }

    std::vector<pollfd> poll_once() const {
        std::vector<pollfd> entries = {{stop_watch_.fd(), POLLIN, 0},
                                       {wait_.paste.fd(), POLLIN, 0},
                                       {wait_.browser.ended_fd(), POLLIN, 0}};
        wait_.server.add_interest(entries);
        auto until = started_ + timeout_;
        if (const auto next = wait_.server.next_deadline()) until = std::min(until, *next);
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
        constexpr std::int64_t longest = 3'600'000;  // fits poll's int whatever the time-out
        if (poll(entries.data(),
                 entries.size(),
                 static_cast<int>(std::clamp<std::int64_t>(left, 0, longest))) < 0) {
            for (auto& entry : entries) entry.revents = 0;
        }
        return entries;
    }

    static bool is_ready(const std::vector<pollfd>& entries, int fd) {
        return fd >= 0 && std::any_of(entries.begin(), entries.end(), [&](const pollfd& entry) {
                   return entry.fd == fd && entry.revents != 0;
               });
    }

    // The first line that answers our request; every other one is explained and forgotten.
    std::optional<std::string> read_paste(const std::vector<pollfd>& entries) {
        if (!is_ready(entries, wait_.paste.fd())) return std::nullopt;
        std::optional<std::string> answer;
        for (auto& line : wait_.paste.read_ready()) {
            auto target = oauth2::pasted_target(line, wait_.expected);
            wipe(line);
            if (target && oauth2::answers_our_request(*target, wait_.expected)) {
                answer = std::move(*target);
                break;
            }
            reject(target ? oauth2::parse_callback(*target, wait_.expected).error()
                          : target.error());
        }
        return answer;
    }

    void reject(const Error& error) {
        last_paste_ = error.reason;
        wait_.say("That cannot be used: " + error.reason + ". Still waiting.");
    }

    void watch_browser(const std::vector<pollfd>& entries) {
        if (!is_ready(entries, wait_.browser.ended_fd()) || wait_.browser.on_ended()) return;
        timeout_ = std::max(timeout_, wait_.timeout_without_browser);
        wait_.say("No browser could be opened. Open the address above yourself.");
    }

    const Wait& wait_;
    std::stop_token stop_;
    StopWatch stop_watch_;
    steady_clock::time_point started_;
    std::chrono::milliseconds timeout_;
    std::string last_paste_;  // why the last pasted line was no good
};

}  // namespace

Result<AuthorizationResponse> wait_for_redirect(const Wait& wait, const std::stop_token& stop) {
    return Waiting(wait, stop).run();
}

}  // namespace handover::auth::login
