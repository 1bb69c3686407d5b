// SIGINT and SIGTERM. Until something is at stake a signal ends the process at once; after
// `watch_for_interrupts` the first one asks for an orderly stop through the stop token, and the
// second one ends the process.
#pragma once

#include <optional>
#include <stop_token>

namespace handover::cli {

// Called once, early in main. SIGPIPE is ignored: broken pipes are seen where they are written to.
void install_signal_handlers();

// Signals are again what they were before: for the program that takes this one's place.
void give_back_signals();

std::stop_token interrupt_token();

// From here on a first signal only requests a stop. Starts the one thread that passes it on; later
// calls do nothing.
void watch_for_interrupts();

// What `interrupted_status` gives after SIGTERM.
inline constexpr int terminated_status = 143;

// 130 or 143 once a signal asked for the stop.
std::optional<int> interrupted_status();

// The stop that was asked for has been carried out in full: it is no failure.
void forget_interrupt();

}  // namespace handover::cli
