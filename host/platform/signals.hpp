// Which thread a signal reaches.
#pragma once

#include <csignal>

namespace handover::platform {

// No signal is delivered to this thread, nor to those that it starts, until the end of the scope:
// signals are the business of the threads that were there before.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_ = {};
};

}  // namespace handover::platform
