#include "gateway/certificate_reminder.hpp"

namespace handover::gateway {
namespace {

constexpr std::time_t between_reminders = 24L * 3600;

}  // namespace

std::optional<std::string> CertificateReminder::take(std::optional<tls::Validity> validity,
                                                     std::time_t now) {
    of_ = validity;
    said_.reset();
    return look(now);
}

std::optional<std::string> CertificateReminder::look(std::time_t now) {
    if (!of_ || now < tls::renewal_is_late_from(*of_)) return std::nullopt;
    if (said_ && now - *said_ < between_reminders) return std::nullopt;
    said_ = now;
    return "the certificate in [serve] tls_certificate " + tls::expiry_in_words(*of_, now) +
           "; put the renewed one there and reload the config (SIGHUP)";
}

}  // namespace handover::gateway
