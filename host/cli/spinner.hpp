// A spinner on stderr while nothing else happens; only ever on a terminal.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

namespace handover::cli {

class Spinner {
public:
    // Starts at once where `terminal`; otherwise does nothing but pass `say` through.
    Spinner(std::function<void(std::string_view)> err, bool terminal);
    ~Spinner();
    Spinner(const Spinner&) = delete;
    Spinner& operator=(const Spinner&) = delete;

    // A line for people, above the spinner.
    void say(std::string_view line);
    // Removes it; nothing of it is left on the screen when this returns.
    void stop();

private:
    void spin(const std::stop_token& stop);

    std::function<void(std::string_view)> err_;
    bool terminal_ = false;
    std::mutex mutex_;  // guards what is on the line
    std::condition_variable_any wake_;
    std::jthread thread_;
};

}  // namespace handover::cli
