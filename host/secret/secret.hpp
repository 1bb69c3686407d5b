// Secret values: tokens, keys, codes, verifiers. They do not print, are wiped when they go, and
// every live one is known to the redaction sink. Copies inside libraries (libcurl, OpenSSL) are a
// stated limit.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace handover {

// A shared, immutable secret. There is no formatter and no operator<<: printing one does not
// compile. Copying shares the value; the bytes are wiped when the last copy goes. Safe to copy and
// read from any thread.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value);  // `value` is wiped after it was taken over

    [[nodiscard]] std::string_view reveal() const;  // valid while this Secret or a copy lives
    [[nodiscard]] bool empty() const { return reveal().empty(); }

    // Compared in time that depends on the lengths only.
    friend bool operator==(const Secret& left, const Secret& right);

private:
    struct Value;
    std::shared_ptr<const Value> value_;
};

// True if both are equal; the time taken depends on the lengths only.
bool equal_in_constant_time(std::string_view left, std::string_view right);

// Overwrites the string's bytes and empties it.
void wipe(std::string& text);

// `text` with every live secret of 6 or more bytes replaced by "[redacted]", also percent-encoded,
// base64- and base64url-encoded. All log, error and metric text passes here before it leaves the
// process. Thread-safe.
std::string redact(std::string_view text);

// Makes the process not dumpable and sets its core limit to 0. Called first in main.
void protect_process_memory();

// The caller's core limit again, for a program that takes this one's place; until it does, the
// process stays not dumpable.
void restore_core_limit();

}  // namespace handover
