// A library of the system's that is opened when it is first needed: what a command does not use
// costs it nothing at its start. Never closed: libraries leave threads' and exit handlers behind.
#pragma once

#include <string>

namespace handover::platform {

class SharedLibrary {
public:
    explicit SharedLibrary(const char* name);

    // Sets `function` to what has that name there, or in a library that it needs itself. After a
    // failure it does nothing.
    template <typename Function>
    void find(const char* name, Function& function) {
        function = reinterpret_cast<Function>(look_up(name));
    }

    // What failed first, in the loader's words; empty: nothing did.
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    void* look_up(const char* name);

    void* handle_;
    std::string problem_ = {};
};

}  // namespace handover::platform
