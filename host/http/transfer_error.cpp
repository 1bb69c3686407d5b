#include "http/transfer_error.hpp"

#include "text/printable.hpp"
#include "text/time.hpp"

namespace handover::http {
namespace {

TransferFailure unavailable(Fault fault, std::string message, std::string reason, std::string fix) {
    return {.fault = fault,
            .error = {.code = Errc::provider_unavailable,
                      .message = std::move(message),
                      .reason = std::move(reason),
                      .fix = std::move(fix)}};
}

std::string within(const FailureFacts& facts) {
    return "within " + text::describe_duration(facts.limit);
}

TransferFailure cannot_connect(const FailureFacts& facts) {
    const auto where = facts.target.authority();
    if (facts.proxied) {
        return unavailable(
            Fault::refused,
            "cannot reach " + where + " through the proxy",
            facts.detail,
            "check [http] proxy in the config, or the *_proxy variables of the environment");
    }
    if (facts.target.loopback) {
        return unavailable(Fault::refused,
                           "nothing listens on " + where + ": is it running?",
                           facts.detail,
                           "start the server, or correct the provider's base_url");
    }
    return unavailable(Fault::refused,
                       "cannot connect to " + where,
                       facts.detail,
                       "check the network and the provider's base_url");
}

TransferFailure untrusted(const FailureFacts& facts) {
    const auto roots = facts.trust_roots.empty() ? "the system's trust roots" : facts.trust_roots;
    return unavailable(Fault::trust,
                       "the certificate of " + facts.target.authority() + " is not trusted",
                       facts.detail + " (trust roots: " + roots + ")",
                       "if a company's or your own authority signed it, set [http] ca_file to that "
                       "authority's certificate");
}

TransferFailure bad_trust_roots(const FailureFacts& facts) {
    return unavailable(
        Fault::trust,
        "the trust roots for TLS cannot be read: " + facts.trust_roots,
        facts.detail,
        "correct [http] ca_file or SSL_CERT_FILE, or apt-get install ca-certificates");
}

TransferFailure broken(const FailureFacts& facts) {
    const auto where = facts.target.authority();
    if (!facts.connected) {
        return unavailable(Fault::broken, "no connection to " + where, facts.detail, {});
    }
    const std::string message = facts.answer_begun
                                    ? where + " broke off in the middle of its answer"
                                    : where + " closed the connection without an answer";
    return unavailable(Fault::broken, message, facts.detail, {});
}

TransferFailure unknown_name(const FailureFacts& facts) {
    return unavailable(Fault::name_lookup,
                       "the name " + facts.target.host + " cannot be resolved",
                       facts.detail,
                       "check the network and the spelling of the provider's base_url");
}

TransferFailure unknown_proxy(const FailureFacts& facts) {
    return unavailable(
        Fault::name_lookup,
        "the proxy's name cannot be resolved",
        facts.detail,
        "check [http] proxy in the config, or the *_proxy variables of the environment");
}

TransferFailure no_tls(const FailureFacts& facts) {
    return unavailable(Fault::trust,
                       "no TLS connection to " + facts.target.authority(),
                       facts.detail,
                       "check that the provider's base_url names a port that speaks TLS");
}

TransferFailure unusable() {
    return {.fault = Fault::unusable,
            .error = {.code = Errc::internal,
                      .message = "libcurl does not take the request",
                      .reason = {},
                      .fix = {}}};
}

TransferFailure timed_out(const FailureFacts& facts, const std::string& what, const char* key) {
    return unavailable(Fault::timeout,
                       facts.target.authority() + what,
                       {},
                       std::string("if that is too short, raise [http] ") + key + " in the config");
}

}  // namespace

TransferFailure describe_failure(const FailureFacts& given) {
    auto facts = given;
    facts.detail = text::printable(given.detail, 300);
    const auto where = facts.target.authority();
    switch (facts.ending) {
        case Ending::stopped:
            return unavailable(
                Fault::stopped, "the request to " + where + " was cancelled", {}, {});
        case Ending::connect_timeout:
            return timed_out(facts, " could not be connected " + within(facts), "connect_timeout");
        case Ending::first_byte_timeout:
            return timed_out(
                facts, " did not begin to answer " + within(facts), "first_byte_timeout");
        case Ending::idle_timeout:
            return timed_out(facts, " fell silent: nothing came " + within(facts), "idle_timeout");
        case Ending::total_timeout:
            return unavailable(
                Fault::timeout, where + " did not answer in full " + within(facts), {}, {});
        case Ending::head_too_long:
            return unavailable(Fault::limit,
                               "the answer's head of " + where + " is longer than " +
                                   std::to_string(facts.bytes) + " bytes",
                               {},
                               {});
        case Ending::resend_refused:
            return unavailable(Fault::broken,
                               where + " closed the connection without an answer",
                               "the request is not sent twice",
                               {});
        case Ending::name_unknown:
            return unknown_name(facts);
        case Ending::proxy_unknown:
            return unknown_proxy(facts);
        case Ending::refused:
            return cannot_connect(facts);
        case Ending::untrusted:
            return untrusted(facts);
        case Ending::bad_trust_roots:
            return bad_trust_roots(facts);
        case Ending::no_tls:
            return no_tls(facts);
        case Ending::unusable:
            return unusable();
        case Ending::answered:
        case Ending::broken:
            break;
    }
    return broken(facts);
}

}  // namespace handover::http
