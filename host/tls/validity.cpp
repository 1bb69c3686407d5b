#include "tls/validity.hpp"

#include "text/time.hpp"

namespace handover::tls {

std::string expiry_in_words(const Validity& validity, std::time_t now) {
    const auto at =
        ", at " + text::format_rfc3339(std::chrono::system_clock::from_time_t(validity.until));
    if (validity.until <= now) return "has expired" + at;
    return "expires in " + text::describe_duration(std::chrono::seconds(validity.until - now)) + at;
}

}  // namespace handover::tls
