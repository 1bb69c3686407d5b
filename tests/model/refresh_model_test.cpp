// The refresh protocol as a model: two callers, each with the child that spends the token for it,
// an authority with strict rotation (a token that comes a second time ends the whole login), a
// network that may lose an answer, and a crash at any step. Every reachable state is visited. The
// steps are those of host/auth/refresh.cpp; what the model leaves out is time other than "the
// access token has expired by now".
#include <catch2/catch.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "explore.hpp"

namespace {

// Where a caller stands. `waits`: its child is at work.
enum class Caller : std::uint8_t {
    idle,
    waits,
    has_new,
    has_current,
    unavailable,
    login_needed,
    dead
};

// Where a child stands, in the order of the transaction.
enum class Child : std::uint8_t {
    none,
    at_lock,    // blocked in flock
    reading,    // lock held; will read store, sidecar and journal
    securing,   // decided to spend: room reserved, journal not yet written
    journaled,  // journal durable, nothing sent
    sent,       // request out
    answered,   // answer in memory, nothing stored
    stored,     // new credential durable (or the refusal marked), journal still there
    done,       // lock released
    dead,
};

// The request of one child. It travels on even if its sender dies.
enum class Request : std::uint8_t { none, travelling, rotated, refused, put_off, lost };

struct Process {
    Caller caller = Caller::idle;
    Child child = Child::none;
    Request request = Request::none;
    std::uint8_t spends = 0;  // the refresh token it read
    bool resend = false;      // it found an open journal and sends for the second time
    Caller outcome = Caller::idle;

    auto operator<=>(const Process&) const = default;
};

struct World {
    std::array<Process, 2> processes = {};
    std::int8_t lock = -1;     // whose child holds it
    std::uint8_t stored = 0;   // number of the stored refresh token
    bool marked = false;       // login_needed stands in the credential
    bool expired = false;      // access token 0 has expired; later ones are fresh
    std::int8_t journal = -1;  // the token it speaks of; -1: none
    bool journal_resent = false;
    bool put_off = false;      // the sidecar asks for a pause
    std::uint8_t valid = 0;    // the token that the authority takes
    bool family_dead = false;  // reuse was detected
    std::array<std::uint8_t, 4> times_sent = {};
    bool child_crashed = false;
    bool answer_lost = false;
    bool authority_put_off = false;
    bool careless =
        false;  // a second send while the access token works, or before `resent` was durable

    auto operator<=>(const World&) const = default;
};

struct Faults {
    bool callers_crash = false;
    bool children_crash = false;
    bool answers_lost = false;
    bool authority_puts_off = false;
};

bool access_works(const World& w) {
    return w.stored > 0 || !w.expired;
}

Caller current_or_unavailable(const World& w) {
    return access_works(w) ? Caller::has_current : Caller::unavailable;
}

void release(World& w, std::size_t i, Caller outcome) {
    w.processes[i].child = Child::done;
    w.processes[i].outcome = outcome;
    if (w.lock == static_cast<std::int8_t>(i)) w.lock = -1;
}

// Lock held: read the store again and decide (adopt() and consult_journal()).
void decide(World& w, std::size_t i) {
    auto& p = w.processes[i];
    if (w.stored > 0) return release(w, i, Caller::has_new);  // somebody was faster
    if (w.marked)
        return release(w, i, access_works(w) ? Caller::has_current : Caller::login_needed);
    if (w.put_off && w.journal < 0) return release(w, i, current_or_unavailable(w));
    p.spends = w.stored;
    const bool open = w.journal == static_cast<std::int8_t>(w.stored);
    if (open && access_works(w)) return release(w, i, Caller::has_current);
    if (open && w.journal_resent) {  // both tries are gone: give up, and say so
        w.marked = true;
        w.journal = -1;
        return release(w, i, Caller::login_needed);
    }
    p.resend = open;
    p.child = Child::securing;
}

// The answer is judged: design.md's table.
void judge(World& w, std::size_t i) {
    auto& p = w.processes[i];
    switch (p.request) {
        case Request::rotated:
            w.stored = static_cast<std::uint8_t>(p.spends + 1);
            p.child = Child::stored;
            return;
        case Request::refused:
            w.marked = true;
            p.child = Child::stored;
            return;
        case Request::put_off:
            w.put_off = true;
            w.journal = p.resend ? w.journal : static_cast<std::int8_t>(-1);
            if (p.resend) w.journal_resent = false;  // restore_journal()
            return release(w, i, current_or_unavailable(w));
        default:
            return release(w, i, current_or_unavailable(w));  // unknown: the journal stays open
    }
}

void authority_handles(World& w, Process& p) {
    if (w.family_dead) {
        p.request = Request::refused;
    } else if (p.spends == w.valid) {
        w.valid = static_cast<std::uint8_t>(w.valid + 1);
        p.request = Request::rotated;
    } else {
        w.family_dead = true;
        p.request = Request::refused;
    }
}

void step_child(const World& w, std::size_t i, const Faults& faults, std::vector<World>& out) {
    const auto& p = w.processes[i];
    World n = w;
    auto& q = n.processes[i];
    switch (p.child) {
        case Child::at_lock:
            if (w.lock >= 0) return;
            n.lock = static_cast<std::int8_t>(i);
            q.child = Child::reading;
            break;
        case Child::reading:
            decide(n, i);
            break;
        case Child::securing:
            n.journal = static_cast<std::int8_t>(p.spends);
            n.journal_resent = p.resend;
            q.child = Child::journaled;
            break;
        case Child::journaled:
            q.child = Child::sent;
            q.request = Request::travelling;
            if (w.times_sent.at(p.spends) > 0 && !w.authority_put_off) {
                n.careless = access_works(w) || !w.journal_resent;
            }
            ++n.times_sent.at(p.spends);
            break;
        case Child::sent:
            if (p.request == Request::travelling) return;
            q.child = Child::answered;
            break;
        case Child::answered:
            judge(n, i);
            break;
        case Child::stored:
            n.journal = -1;
            release(n,
                    i,
                    p.request == Request::rotated ? Caller::has_new
                    : access_works(w)             ? Caller::has_current
                                                  : Caller::login_needed);
            break;
        default:
            return;
    }
    out.push_back(n);
    if (!faults.children_crash) return;
    World crashed = w;
    crashed.processes[i].child = Child::dead;
    crashed.child_crashed = true;
    if (crashed.lock == static_cast<std::int8_t>(i)) crashed.lock = -1;
    out.push_back(crashed);
}

// What becomes of a request under way, whether or not its sender lives.
void step_request(const World& w, std::size_t i, const Faults& faults, std::vector<World>& out) {
    if (w.processes[i].request != Request::travelling) return;
    World handled = w;
    authority_handles(handled, handled.processes[i]);
    out.push_back(handled);
    if (faults.answers_lost) {
        World lost = handled;
        lost.processes[i].request = Request::lost;
        lost.answer_lost = true;
        out.push_back(lost);
    }
    if (faults.authority_puts_off && !w.authority_put_off) {
        World put_off = w;
        put_off.processes[i].request = Request::put_off;
        put_off.authority_put_off = true;
        out.push_back(put_off);
    }
}

void step_caller(const World& w, std::size_t i, const Faults& faults, std::vector<World>& out) {
    const auto& p = w.processes[i];
    if (p.caller == Caller::idle) {
        World n = w;
        n.processes[i].caller = Caller::waits;
        n.processes[i].child = Child::at_lock;
        out.push_back(n);
    }
    if (p.caller != Caller::waits) return;
    if (p.child == Child::done || p.child == Child::dead) {
        World n = w;
        // A caller whose child died reads the store once more and goes on with what is there; never
        // without the lock to the authority.
        n.processes[i].caller = p.child == Child::done         ? p.outcome
                                : w.stored > 0                 ? Caller::has_new
                                : w.marked && !access_works(w) ? Caller::login_needed
                                                               : current_or_unavailable(w);
        out.push_back(n);
    }
    if (faults.callers_crash) {
        World n = w;
        n.processes[i].caller = Caller::dead;
        out.push_back(n);
    }
}

std::vector<World> successors(const World& w, const Faults& faults) {
    std::vector<World> out;
    for (std::size_t i = 0; i < w.processes.size(); ++i) {
        step_caller(w, i, faults, out);
        step_child(w, i, faults, out);
        step_request(w, i, faults, out);
    }
    if (!w.expired) {
        World n = w;
        n.expired = true;
        out.push_back(n);
    }
    return out;
}

bool in_critical_section(Child child) {
    return child >= Child::reading && child <= Child::stored;
}

void check_always(const World& w) {
    // One child at a time is past the lock.
    const int inside =
        in_critical_section(w.processes[0].child) + in_critical_section(w.processes[1].child);
    REQUIRE(inside <= 1);
    // A token is sent at most twice; the second time only where an outcome was lost to a crash or
    // to the network.
    for (const auto times : w.times_sent) REQUIRE(times <= 2 + (w.authority_put_off ? 1 : 0));
    if (!w.child_crashed && !w.answer_lost) REQUIRE_FALSE(w.family_dead);
    REQUIRE_FALSE(w.careless);
    // Nobody is told to sign in while the access token works, and nobody is sent away empty-handed
    // then.
    for (const auto& p : w.processes) {
        if (p.outcome == Caller::login_needed || p.outcome == Caller::unavailable)
            REQUIRE(w.expired);
    }
}

void check_end(const World& w) {
    // Nothing is silent: if the authority went on without us, the journal or the mark says so.
    if (w.valid != w.stored || w.family_dead)
        REQUIRE((w.marked || w.journal == static_cast<std::int8_t>(w.stored)));
    REQUIRE(w.lock == -1);
    for (const auto& p : w.processes) REQUIRE(p.caller > Caller::waits);  // nobody waits for ever
    if (w.child_crashed || w.answer_lost || w.authority_put_off) return;
    // However many callers died: one request, and the login lives.
    REQUIRE(w.times_sent[0] == 1);
    REQUIRE(w.stored == 1);
    REQUIRE(w.valid == 1);
    REQUIRE_FALSE(w.marked);
    REQUIRE(w.journal == -1);
}

}  // namespace

TEST_CASE("every state of the refresh protocol keeps its promises") {
    struct Case {
        const char* name;
        Faults faults;
    };
    const Case cases[] = {
        {"nothing fails", {}},
        {"callers are killed", {.callers_crash = true}},
        {"callers are killed and the authority puts off",
         {.callers_crash = true, .authority_puts_off = true}},
        {"answers are lost", {.callers_crash = true, .answers_lost = true}},
        {"children are killed", {.callers_crash = true, .children_crash = true}},
        {"everything fails", {true, true, true, true}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto explored = model::explore<World>(
                {World{}},
                [&](const World& w) { return successors(w, c.faults); },
                [](const World& w, bool end) {
                    check_always(w);
                    if (end) check_end(w);
                });
            WARN(c.name << ": " << explored.states << " states, " << explored.steps << " steps, "
                        << explored.ends << " ends");
            CHECK(explored.ends > 0);
        }
    }
}
