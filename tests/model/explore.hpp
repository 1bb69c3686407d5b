// Visits every state of a small model, breadth first.
#pragma once

#include <cstddef>
#include <deque>
#include <set>
#include <vector>

namespace model {

struct Explored {
    std::size_t states = 0;
    std::size_t steps = 0;
    std::size_t ends = 0;  // states in which nothing can happen any more
};

// State needs operator<. `successors(state)` gives every state that one step leads to;
// `check(state, is_end)` is called once for each.
template <typename State, typename Successors, typename Check>
Explored explore(const std::vector<State>& starts,
                 const Successors& successors,
                 const Check& check) {
    std::set<State> seen(starts.begin(), starts.end());
    std::deque<State> open(starts.begin(), starts.end());
    Explored explored;
    while (!open.empty()) {
        const State state = open.front();
        open.pop_front();
        const auto next = successors(state);
        check(state, next.empty());
        ++explored.states;
        explored.steps += next.size();
        if (next.empty()) ++explored.ends;
        for (const auto& one : next) {
            if (seen.insert(one).second) open.push_back(one);
        }
    }
    return explored;
}

}  // namespace model
