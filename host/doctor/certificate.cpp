#include "doctor/certificate.hpp"

namespace handover::doctor {

Finding judge_certificate(const std::string& file, const tls::Validity& validity, std::time_t now) {
    const auto measured = file + " " + tls::expiry_in_words(validity, now);
    if (now < tls::renewal_is_late_from(validity)) return ok(measured);
    return {.state = State::warning,
            .measured = measured,
            .expected =
                "one that was renewed: 21 days before its end, or when a quarter of its "
                "life is left",
            .fix = "put the renewed certificate there, then reload the gateway (SIGHUP)"};
}

}  // namespace handover::doctor
