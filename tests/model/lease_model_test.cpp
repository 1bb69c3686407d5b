// The lease as a model: three processes at the turnstile of two locks, each may die or give up at
// any step. The steps are those of host/auth/lease.cpp. Every reachable state is visited.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "explore.hpp"

namespace {

enum class At : std::uint8_t {
    idle,
    wants_turn,   // blocked on `turn`
    wants_lease,  // holds `turn`, blocked on `lease`
    got_lease,    // holds both
    in_flight,    // gave `turn` back; its request is out
    finished,
    gone,  // died or gave up
};

struct World {
    std::array<At, 3> processes = {};
    // Who asked for `turn` before whom: the kernel serves flock's waiters in order. arrival[i] ==
    // 0: not waiting.
    std::array<std::uint8_t, 3> arrival = {};
    std::uint8_t arrivals = 0;
    std::array<std::uint8_t, 3> overtaken = {};  // times somebody who came later went first

    auto operator<=>(const World&) const = default;
};

bool holds_turn(At at) {
    return at == At::wants_lease || at == At::got_lease;
}
bool holds_lease(At at) {
    return at == At::got_lease || at == At::in_flight;
}

std::vector<World> successors(const World& w) {
    const bool turn_taken = std::any_of(w.processes.begin(), w.processes.end(), holds_turn);
    const bool lease_taken = std::any_of(w.processes.begin(), w.processes.end(), holds_lease);
    std::vector<World> out;
    for (std::size_t i = 0; i < w.processes.size(); ++i) {
        World n = w;
        auto& at = n.processes[i];
        bool moves = true;
        switch (w.processes[i]) {
            case At::idle:
                at = At::wants_turn;
                n.arrival[i] = ++n.arrivals;
                break;
            case At::wants_turn: {
                const bool first = std::all_of(w.arrival.begin(), w.arrival.end(), [&](auto other) {
                    return other == 0 || other >= w.arrival[i];
                });
                moves = !turn_taken && first;
                at = At::wants_lease;
                n.arrival[i] = 0;
                break;
            }
            case At::wants_lease:
                moves = !lease_taken;
                at = At::got_lease;
                for (std::size_t j = 0; j < w.processes.size(); ++j) {
                    if (j != i && w.arrival[j] != 0 && w.arrival[j] < w.arrival[i])
                        ++n.overtaken[j];
                }
                break;
            case At::got_lease:
                at = At::in_flight;
                break;
            case At::in_flight:
                at = At::finished;
                break;
            case At::finished:
            case At::gone:
                moves = false;
                break;
        }
        if (moves) out.push_back(n);
        if (w.processes[i] == At::idle || w.processes[i] >= At::finished) continue;
        World dead = w;  // the kernel releases what it held
        dead.processes[i] = At::gone;
        dead.arrival[i] = 0;
        out.push_back(dead);
    }
    return out;
}

}  // namespace

TEST_CASE("every state of the lease keeps its promises") {
    const auto explored =
        model::explore<World>({World{}}, successors, [](const World& w, bool end) {
            REQUIRE(std::count(w.processes.begin(), w.processes.end(), At::in_flight) <= 1);
            REQUIRE(std::count_if(w.processes.begin(), w.processes.end(), holds_lease) <= 1);
            for (const auto times : w.overtaken) REQUIRE(times == 0);
            // Nobody waits for ever: where nothing moves any more, everybody has finished or gone.
            if (end)
                REQUIRE(std::all_of(w.processes.begin(), w.processes.end(), [](At at) {
                    return at >= At::finished;
                }));
        });
    WARN("lease: " << explored.states << " states, " << explored.steps << " steps, "
                   << explored.ends << " ends");
    CHECK(explored.ends > 0);
}
