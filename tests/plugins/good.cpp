// Shows in its answers everything it was given, so that the tests see both directions of the ABI.
#include <handover/plugin.hpp>

#include <stdexcept>

namespace {

using namespace handover::sdk;

class Good {
public:
    Good(const Config& config, Log log)
        : config_(std::string(config.provider) + "|" + std::string(config.base_url) + "|" +
                  std::string(config.model) + "|" + std::string(config.options) + "|" +
                  std::string(config.version)),
          log_(log) {
        log_.info("made\nfor a test");
    }

    PrepareAnswer prepare(const Request& request) const {
        if (request.model == "refuse") return Refused{"not this\x1b model"};
        if (request.model == "throw") throw std::runtime_error("thrown by prepare");
        if (request.model == "throw odd") throw 7;
        if (request.model == "forward")
            return Prepared{.path = "/forward", .use_request_body = true};
        Prepared prepared;
        prepared.method = "GET";
        prepared.path = "/" + std::string(request.dialect) + "?q=1";
        prepared.host = 0;
        prepared.headers = {{"X-Config", config_}, {"X-Session", std::string(request.session)}};
        prepared.body = "made of " + std::string(request.body);
        prepared.upstream_streams = !request.stream;
        return prepared;
    }

    Classification classify(const Failure& failure) const {
        if (failure.status == 500) throw std::runtime_error("thrown by classify");
        if (failure.status == 501)
            return {.verdict = static_cast<Verdict>(77), .until = -1, .message = {}};
        return {.verdict = Verdict::rate_limited,
                .until = failure.now + 5,
                .message = std::string(failure.header("x-reason").value_or("none")) + ": " +
                           std::string(failure.body)};
    }

private:
    std::string config_;
    Log log_;
};

}  // namespace

HANDOVER_PLUGIN(Good)
