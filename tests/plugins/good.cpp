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

    // One window per header: what it is given, and how odd answers arrive.
    std::vector<LimitWindow> limits(const AnswerHeaders& answer) const {
        if (answer.header("x-throw")) throw std::runtime_error("thrown by limits");
        if (answer.header("x-odd"))
            return {{.name = ""},
                    {.name = std::string(65, 'x')},
                    {.name = "over\nfull",
                     .used_percent = 120,
                     .limit = -7,
                     .window_seconds = 0,
                     .resets_at = 99'999'999'999},
                    {.name = "twice", .limit = 1},
                    {.name = "twice", .limit = 2}};
        if (answer.header("x-many")) {
            std::vector<LimitWindow> many(100);
            for (std::size_t i = 0; i < many.size(); ++i) many[i].name = std::to_string(i);
            return many;
        }
        std::vector<LimitWindow> windows;
        for (const auto& header : answer.headers)
            windows.push_back({.name = std::string(header.name),
                               .used_percent = 12.5,
                               .limit = 8,
                               .remaining = static_cast<std::int64_t>(header.value.size()),
                               .window_seconds = 60,
                               .resets_at = answer.now + 30});
        return windows;
    }

    ModelsRequest models_request() const {
        return {.path = "/models?of=a+test", .host = 0, .headers = {{"X-List", config_}}};
    }

    // One model named by the body, and how odd answers arrive.
    std::vector<Model> models(std::string_view body) const {
        if (body == "throw") throw std::runtime_error("thrown by\nmodels");
        if (body == "odd")
            return {{.id = ""},
                    {.id = std::string(257, 'x')},
                    {.id = "a\x1b[31mb"},
                    {.id = "two\nlines"},
                    {.id = "\xff"},
                    {.id = "fine",
                     .display_name = "over\nfull",
                     .owner = std::string(300, 'o'),
                     .context_window = 0,
                     .created = 99'999'999'999},
                    {.id = "fine", .owner = "again"},
                    {.id = "big", .context_window = 2'000'000'000'000, .created = -1}};
        if (body == "many") {
            std::vector<Model> many(10'001);
            for (std::size_t i = 0; i < many.size(); ++i) many[i].id = std::to_string(i);
            return many;
        }
        return {{.id = std::string(body),
                 .display_name = "A model",
                 .owner = "somebody",
                 .context_window = 8192,
                 .created = 1'800'000'000}};
    }

private:
    std::string config_;
    Log log_;
};

}  // namespace

HANDOVER_PLUGIN(Good)
