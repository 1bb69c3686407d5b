#include "gateway/server.hpp"

#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <numeric>
#include <thread>
#include <utility>

#include "gateway/certificate_reminder.hpp"
#include "gateway/loop.hpp"
#include "gateway/resting_memory.hpp"
#include "log/log.hpp"
#include "tls/identity.hpp"

namespace handover::gateway {
namespace {

namespace asio = boost::asio;
using Code = boost::system::error_code;

constexpr int most_accepted_at_once = 64;
constexpr std::chrono::milliseconds after_no_descriptor(100);
constexpr std::chrono::seconds between_looks(1);
// After the grace time handlers get this long to notice that their clients are gone.
constexpr std::chrono::seconds after_the_cut(1);

constexpr std::string_view too_many_connections =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Connection: close\r\nContent-Length: 129\r\n\r\n"
    "{\"error\":{\"message\":\"the gateway has too many connections\",\"type\":\"server_error\","
    "\"param\":null,\"code\":\"too_many_connections\"}}   \n";

class Server {
public:
    Server(ServerOptions options, Metrics& metrics)
        : options_(std::move(options)), metrics_(metrics) {
        const auto count = usable_cpus();
        front_ = std::make_shared<const FrontState>(options_.front);
        for (std::size_t i = 0; i < count; ++i)
            loops_.push_back(std::make_unique<Loop>(i, metrics.of(i)));
        remaining_ = count;
    }

    void run();

private:
    struct Door {
        Door(Loop& loop, ListeningSocket taken)
            : socket(std::move(taken)), readable(loop.io(), socket.fd()), pause(loop.io()) {}

        ListeningSocket socket;
        asio::posix::stream_descriptor readable;
        asio::steady_timer pause;
    };

    void open_doors();
    void wait_for_clients(Door& door);
    bool accept_some(Door& door);
    void hand_over(platform::Descriptor socket, Entrance entrance);
    [[nodiscard]] std::size_t open_connections() const;

    void run_loop(Loop& loop);
    void watch_hangup();
    void reload();
    void reloaded(const Result<FrontState>& state);
    void take_over(const FrontState& state);
    void take_certificate();
    void look_around();
    void watch_keys();
    void publish(FrontState state);
    void begin_drain();
    void loop_is_empty();
    void cut();
    void end();

    [[nodiscard]] Loop& first() { return *loops_.front(); }
    template <typename Call>
    void on_every_loop(const Call& call) {
        for (const auto& loop : loops_) asio::post(loop->io(), [call, &one = *loop] { call(one); });
    }

    ServerOptions options_;
    Metrics& metrics_;
    std::shared_ptr<const FrontState> front_;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<std::unique_ptr<Door>> doors_;
    std::optional<asio::signal_set> hangup_;
    std::optional<asio::steady_timer> timer_;  // of looking around, later of the grace time
    std::size_t remaining_ = 0;                // loops that still have connections
    bool draining_ = false;
    RestingMemory memory_ = RestingMemory();
    CertificateReminder certificate_ = {};
    bool reload_again_ = false;  // a further SIGHUP came while one was carried out
    std::jthread reloading_;
    std::jthread ending_;
};

void Server::open_doors() {
    for (auto& socket : options_.listening) {
        doors_.push_back(std::make_unique<Door>(first(), std::move(socket)));
        wait_for_clients(*doors_.back());
    }
    options_.listening.clear();
}

void Server::wait_for_clients(Door& door) {
    door.readable.async_wait(asio::posix::stream_descriptor::wait_read,
                             [this, &door](const Code& error) {
                                 if (error || draining_) return;
                                 if (accept_some(door)) return wait_for_clients(door);
                                 door.pause.expires_after(after_no_descriptor);
                                 door.pause.async_wait([this, &door](const Code& failed) {
                                     if (!failed && !draining_) wait_for_clients(door);
                                 });
                             });
}

// False where descriptors or memory have run out: the next try has to wait.
bool Server::accept_some(Door& door) {
    for (int i = 0; i < most_accepted_at_once; ++i) {
        platform::Descriptor socket(
            accept4(door.socket.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket.valid()) {
            hand_over(std::move(socket), door.socket.entrance());
            continue;
        }
        const bool none_left =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (none_left) {
            log::warning("serve", "cannot accept a connection: " + platform::error_text(errno));
            return false;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
    }
    return true;
}

std::size_t Server::open_connections() const {
    return std::accumulate(
        loops_.begin(), loops_.end(), std::size_t(0), [](std::size_t sum, const auto& loop) {
            return sum + loop->open();
        });
}

// To the loop with the fewest connections; the first one, where clients are accepted, among equals:
// a lone client costs no change of threads.
void Server::hand_over(platform::Descriptor socket, Entrance entrance) {
    const auto most = static_cast<std::size_t>(front_->settings.max_connections);
    if (open_connections() >= most) {
        log::warning("serve", "a connection more than max_connections is refused");
        // Where TLS is spoken nothing can be said in plain words.
        if (front_->identity && entrance != Entrance::local) return;
        (void)send(socket.get(),
                   too_many_connections.data(),
                   too_many_connections.size(),
                   MSG_NOSIGNAL | MSG_DONTWAIT);
        return;
    }
    auto* chosen = loops_.front().get();
    for (const auto& loop : loops_) {
        if (loop->open() < chosen->open()) chosen = loop.get();
    }
    if (chosen == loops_.front().get()) return chosen->adopt(std::move(socket), entrance);
    chosen->expect_one();
    asio::post(chosen->io(), [chosen, entrance, taken = std::move(socket)]() mutable {
        chosen->adopt_expected(std::move(taken), entrance);
    });
}

void Server::run_loop(Loop& loop) {
    loop.use(front_);
    loop.use(
        options_.make_routes({.io = loop.io(), .index = loop.index(), .metrics = loop.metrics()}));
    const auto guard = asio::make_work_guard(loop.io());
    while (!loop.io().stopped()) {
        try {
            loop.io().run();
        } catch (const std::exception& exception) {
            log::write(log::Level::error, "serve", exception.what());
        }
    }
}

void Server::watch_hangup() {
    hangup_->async_wait([this](const Code& error, int) {
        if (error) return;
        reload();
        watch_hangup();
    });
}

// Reading a config and loading a plugin take their time: not on a loop that carries streams.
void Server::reload() {
    if (draining_) return;
    reload_again_ = reloading_.joinable();
    if (reload_again_) return;
    reloading_ = std::jthread([this] {
        auto state = std::make_shared<Result<FrontState>>(options_.reload());
        asio::post(first().io(), [this, state] { reloaded(*state); });
    });
}

void Server::reloaded(const Result<FrontState>& state) {
    reloading_.join();
    if (state) {
        take_over(*state);
    } else {
        const auto& error = state.error();
        log::write(log::Level::error,
                   "serve",
                   "the config is not reloaded, the old one stays: " + error.message +
                       (error.reason.empty() ? "" : "; " + error.reason));
        if (options_.reload_ended) options_.reload_ended();
    }
    if (std::exchange(reload_again_, false)) reload();
}

void Server::take_over(const FrontState& state) {
    publish(state);
    take_certificate();
    const auto left = std::make_shared<std::atomic<std::size_t>>(loops_.size());
    on_every_loop([this, left](Loop& loop) {
        loop.use(options_.make_routes(
            {.io = loop.io(), .index = loop.index(), .metrics = loop.metrics()}));
        if (--*left == 0 && options_.reload_ended) options_.reload_ended();
    });
    log::write_event(log::Level::info, "serve", "the config is reloaded", {});
}

void Server::publish(FrontState state) {
    front_ = std::make_shared<const FrontState>(std::move(state));
    on_every_loop([front = front_](Loop& loop) { loop.use(front); });
}

void warn(const std::optional<std::string>& reminder) {
    if (reminder) log::warning("serve", *reminder);
}

void Server::take_certificate() {
    std::optional<tls::Validity> validity;
    if (front_->identity) validity = front_->identity->validity();
    metrics_.certificate_ends = validity ? validity->until : 0;
    warn(certificate_.take(validity, std::time(nullptr)));
}

void Server::look_around() {
    timer_->expires_after(between_looks);
    timer_->async_wait([this](const Code& error) {
        if (error || draining_) return;
        watch_keys();
        memory_.look(
            std::any_of(loops_.begin(), loops_.end(), [](const std::unique_ptr<Loop>& loop) {
                return loop->metrics().in_flight > 0;
            }));
        warn(certificate_.look(std::time(nullptr)));
        look_around();
    });
}

void Server::watch_keys() {
    auto keys = options_.changed_keys();
    if (!keys) return;
    auto state = *front_;
    state.rules.keys = std::move(*keys);
    publish(std::move(state));
    log::write_event(log::Level::info, "serve", "the gateway's keys have changed", {});
}

void Server::begin_drain() {
    if (std::exchange(draining_, true)) return;
    for (const auto& door : doors_) {
        Code error;
        door->readable.cancel(error);
        door->pause.cancel();
        (void)door->readable.release();  // the socket owns the descriptor
        door->socket.stop();
    }
    hangup_->cancel();
    timer_->cancel();
    log::write_event(log::Level::info,
                     "serve",
                     "no new requests; open connections: " + std::to_string(open_connections()),
                     {});
    timer_->expires_after(front_->settings.grace);
    timer_->async_wait([this](const Code& error) {
        if (!error) cut();
    });
    on_every_loop([this](Loop& loop) {
        loop.drain([this] { asio::post(first().io(), [this] { loop_is_empty(); }); });
    });
}

void Server::loop_is_empty() {
    if (--remaining_ == 0) end();
}

void Server::cut() {
    log::warning(
        "serve",
        "the grace time is over; connections that are cut: " + std::to_string(open_connections()));
    on_every_loop([](Loop& loop) { loop.cut(); });
    timer_->expires_after(after_the_cut);
    timer_->async_wait([this](const Code& error) {
        if (!error) end();
    });
}

// Whoever works for a loop elsewhere comes back to it before it stops.
void Server::end() {
    timer_->cancel();
    if (ending_.joinable()) return;
    ending_ = std::jthread([this] {
        if (options_.finish) options_.finish();
        on_every_loop([](Loop& loop) { loop.io().stop(); });
    });
}

void Server::run() {
    hangup_.emplace(first().io(), SIGHUP);
    timer_.emplace(first().io());
    watch_hangup();
    take_certificate();
    look_around();
    open_doors();
    const std::stop_callback on_stop(
        options_.stop, [this] { asio::post(first().io(), [this] { begin_drain(); }); });
    if (options_.ready) options_.ready();
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < loops_.size(); ++i)
        threads.emplace_back([this, i] { run_loop(*loops_[i]); });
    run_loop(first());
}

}  // namespace

std::size_t usable_cpus() {
    cpu_set_t set = {};
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return static_cast<std::size_t>(std::max(CPU_COUNT(&set), 1));
}

void add_own_routes(Routes& routes, const Metrics& metrics) {
    routes.add(
        "GET", "/healthz", [](ClientRequest&, Responder& responder) -> asio::awaitable<void> {
            const std::array headers = {http::Header{"Content-Type", "application/json"}};
            responder.whole(200, headers, "{\"status\":\"ok\"}\n");
            co_return;
        });
    routes.add("GET",
               "/metrics",
               [&metrics](ClientRequest&, Responder& responder) -> asio::awaitable<void> {
                   const std::array headers = {
                       http::Header{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
                   responder.whole(200, headers, metrics.text());
                   co_return;
               });
}

void run_server(ServerOptions options, Metrics& metrics) {
    Server(std::move(options), metrics).run();
}

}  // namespace handover::gateway
