// Measures the broker beside the least that could do the same: a clock read, a pair of flock calls,
// threads and processes that wake each other with nothing in between. The rows of a table run in
// turn, round after round.
//   broker_bench ROUNDS              the tables
//   broker_bench rss PROGRAM ARG...  runs it, and prints the most memory that it used
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "fake_authority.hpp"
#include "log/log.hpp"

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::testing;

namespace {

constexpr int waiters = 64;
constexpr int calls = 20'000;                            // of one row in one round
constexpr auto settle = std::chrono::milliseconds(200);  // until all stand where they wait

std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

struct Row {
    std::string name = {};
    std::function<double()> measure = {};  // one round
    std::vector<double> rounds = {};
};

// The first row is the peer.
void run_table(const std::string& title, std::vector<Row> rows, int rounds, const char* unit) {
    for (int round = 0; round < rounds; ++round) {
        for (auto& row : rows) row.rounds.push_back(row.measure());
    }
    fmt::print("\n{}\n", title);
    const double peer = median(rows.front().rounds);
    for (const auto& row : rows) {
        const double middle = median(row.rounds);
        fmt::print("  {:<60} {:>9.1f} {}  {:>6.2f}\n", row.name, middle, unit, middle / peer);
    }
}

// Nanoseconds of one call.
std::function<double()> per_call(std::function<void()> call) {
    return [call = std::move(call)] {
        const auto begun = now_ns();
        for (int i = 0; i < calls; ++i) call();
        return static_cast<double>(now_ns() - begun) / calls;
    };
}

Time real_now() {
    return std::chrono::system_clock::now();
}

// A store, leases and a clock that is the machine's; `send` is the authority.
struct Bench {
    TemporaryFolder folder;
    Target target = target_with({oauth_method()});

    Services services(http::Send send) {
        return {.store = open_file_store({.folder = folder.path() / "credentials"}),
                .leases = std::make_shared<LeaseTable>(folder.path() / "leases"),
                .send = std::move(send),
                .clock = real_now,
                .environment = [](const auto&) { return std::optional<std::string>(); }};
    }
    void log_in(Broker& broker, std::chrono::seconds left) {
        auto credential = login(real_now() + left);
        credential.obtained_at = real_now() - std::chrono::hours(1);
        if (!broker.store_login(target, target.methods.front(), credential)) std::abort();
    }
};

http::Outcome no_authority(const http::Request& /*request*/,
                           const http::Limits& /*limits*/,
                           const std::stop_token& /*stop*/) {
    return lost(http::Delivery::not_sent);
}

void measure_calls(int rounds) {
    Bench bench;
    Broker broker(bench.services(no_authority));
    bench.log_in(broker, std::chrono::hours(1));
    const auto kept = broker.keep_fresh(bench.target);
    const auto resolved = broker.resolve(*kept, {});
    if (!resolved) std::abort();
    run_table(
        "a fresh token, in the process",
        {{"a clock read", per_call([] { (void)real_now(); })},
         {"resolve_now, a target that is kept fresh",
          per_call([&] { (void)broker.resolve_now(*kept); })},
         {"resolve, a target that is kept fresh",
          per_call([&] { (void)broker.resolve(*kept, {}); })},
         {"resolve, an equal target", per_call([&] { (void)broker.resolve(bench.target, {}); })}},
        rounds,
        "ns");

    const auto file = (bench.folder.path() / "flock").string();
    const platform::Descriptor locked(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    run_table("a lease that nobody else wants",
              {{"flock and its release", per_call([&] {
                    (void)flock(locked.get(), LOCK_EX);
                    (void)flock(locked.get(), LOCK_UN);
                })},
               {"a lease and its release", per_call([&] { (void)broker.lease(**resolved, {}); })}},
              rounds,
              "ns");
}

// Microseconds from the moment when one wakes 64 threads to the moment when the last runs.
double bare_threads() {
    std::mutex mutex;
    std::condition_variable changed;
    bool go = false;
    std::atomic<std::int64_t> last = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < waiters; ++i) {
        threads.emplace_back([&] {
            std::unique_lock guard(mutex);
            changed.wait(guard, [&] { return go; });
            guard.unlock();
            last = now_ns();
        });
    }
    std::this_thread::sleep_for(settle);
    const auto begun = now_ns();
    {
        const std::lock_guard guard(mutex);
        go = true;
    }
    changed.notify_all();
    for (auto& thread : threads) thread.join();
    return static_cast<double>(last - begun) / 1000;
}

// The same from the authority's answer to the last of 64 threads that wanted the token.
double threads_of_a_broker() {
    Bench bench;
    std::atomic<std::int64_t> answered_at = 0;
    Broker broker(bench.services([&](const auto&, const auto&, auto) {
        std::this_thread::sleep_for(settle);
        answered_at = now_ns();
        return tokens(1);
    }));
    bench.log_in(broker, std::chrono::seconds(-10));
    std::atomic<std::int64_t> last = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < waiters; ++i) {
        threads.emplace_back([&] {
            if (!broker.resolve(bench.target, {})) std::abort();
            last = now_ns();
        });
    }
    for (auto& thread : threads) thread.join();
    return static_cast<double>(last - answered_at) / 1000;
}

// What 65 processes note for each other.
struct Board {
    std::atomic<int> ready = 0;
    std::atomic<std::int64_t> begun = 0;
    std::array<std::atomic<std::int64_t>, waiters> ended = {};
};

class SharedBoard {
public:
    SharedBoard()
        : place_(mmap(
              nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
          board_(new (place_) Board) {}
    SharedBoard(const SharedBoard&) = delete;
    SharedBoard& operator=(const SharedBoard&) = delete;
    ~SharedBoard() { (void)munmap(place_, sizeof(Board)); }
    Board* operator->() { return board_; }

    // Each of 64 processes does `work`; microseconds until the last was through.
    double measure(const std::function<void()>& work, const std::function<void()>& release) {
        std::vector<pid_t> children;
        for (std::size_t i = 0; i < waiters; ++i) {
            children.push_back(fork());
            if (children.back() != 0) continue;
            ++board_->ready;
            work();
            board_->ended.at(i) = now_ns();
            _exit(0);
        }
        while (board_->ready < waiters) std::this_thread::yield();
        std::this_thread::sleep_for(settle);
        release();
        for (const pid_t child : children) (void)waitpid(child, nullptr, 0);
        std::int64_t last = 0;
        for (const auto& ended : board_->ended) last = std::max(last, ended.load());
        return static_cast<double>(last - board_->begun) / 1000;
    }

private:
    void* place_;
    Board* board_;
};

// 64 processes pass one flock from hand to hand.
double bare_processes() {
    const TemporaryFolder folder;
    const auto file = (folder.path() / "flock").string();
    const platform::Descriptor held(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    (void)flock(held.get(), LOCK_EX);
    SharedBoard board;
    return board.measure(
        [&] {
            const platform::Descriptor own(open(file.c_str(), O_RDWR | O_CLOEXEC));
            (void)flock(own.get(), LOCK_EX);
            (void)flock(own.get(), LOCK_UN);
        },
        [&] {
            board->begun = now_ns();
            (void)flock(held.get(), LOCK_UN);
        });
}

double processes_of_brokers() {
    Bench bench;
    {
        Broker broker(bench.services(no_authority));
        bench.log_in(broker, std::chrono::seconds(-10));
    }
    SharedBoard board;
    std::array<int, 2> gate = {};
    if (pipe(gate.data()) != 0) std::abort();
    return board.measure(
        [&] {
            Broker broker(bench.services([&](const auto&, const auto&, auto) {
                char byte = 0;
                (void)!read(gate[0], &byte, 1);
                board->begun = now_ns();
                return tokens(1);
            }));
            if (!broker.resolve(bench.target, {})) std::abort();
        },
        [&] { (void)!write(gate[1], "x", 1); });
}

// What stands between the answer and the first release.
double stored_durably() {
    Bench bench;
    Broker broker(bench.services(no_authority));
    bench.log_in(broker, std::chrono::hours(1));
    const auto begun = now_ns();
    bench.log_in(broker, std::chrono::hours(1));
    return static_cast<double>(now_ns() - begun) / 1000;
}

void measure_release(int rounds) {
    run_table("from the authority's answer, stored durably, to the 64th that waited",
              {{"64 threads woken by one, nothing else", bare_threads},
               {"a login stored durably, by itself", stored_durably},
               {"64 threads of one broker", threads_of_a_broker},
               {"64 processes that pass a flock on, nothing else", bare_processes},
               {"64 processes, a broker in each", processes_of_brokers}},
              std::max(rounds / 4, 3),
              "us");
}

int peak_memory(char** command) {
    const pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    int status = 0;
    struct rusage used = {};
    if (wait4(child, &status, 0, &used) != child || status != 0) return 1;
    fmt::print("{:.1f}\n", static_cast<double>(used.ru_maxrss) / 1024);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 2 && std::string_view(argv[1]) == "rss") return peak_memory(argv + 2);
    const int rounds = argc == 2 ? std::atoi(argv[1]) : 0;
    if (rounds < 1) return 64;
    log::configure(log::Level::error, log::Format::text);
    measure_release(rounds);  // forks: before there are threads
    measure_calls(rounds);
    return 0;
}
