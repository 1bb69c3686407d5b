// The C++ face of plugin.h, for plugin authors: values in, values out. Standard library only.
//
//     class Acme {
//     public:
//         Acme(const handover::sdk::Config& config, handover::sdk::Log log);
//         handover::sdk::PrepareAnswer prepare(const handover::sdk::Request& request) const;
//         handover::sdk::Classification classify(const handover::sdk::Failure& failure) const;
//     };
//     HANDOVER_PLUGIN(Acme)
//
// Optional methods, each offered to the host as an extension where the class has it:
//
//         std::vector<handover::sdk::LimitWindow> limits(const handover::sdk::AnswerHeaders&
//         answer) const;
//
//         handover::sdk::ModelsRequest models_request() const;
//         std::vector<handover::sdk::Model> models(std::string_view body) const;
//
// `prepare` and `classify` are called from any thread, also concurrently on one object: they change
// nothing. Whatever a function throws is caught here and reached by the host as a message; nothing
// crosses the boundary.
#pragma once

#include <handover/ext/limits.h>
#include <handover/ext/models.h>
#include <handover/plugin.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace handover::sdk {

constexpr std::string_view view(handover_string text) {
    return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}

constexpr handover_string borrow(std::string_view text) {
    return {text.data(), text.size()};
}

// Lines for the host's log, under the plugin's id. Cheap to copy; valid as long as the plugin is
// loaded.
class Log {
public:
    Log() = default;  // says nothing: for tests
    explicit Log(const handover_host* host)
        : host_(host) {}

    void error(std::string_view message) const { write(HANDOVER_LOG_ERROR, message); }
    void warning(std::string_view message) const { write(HANDOVER_LOG_WARNING, message); }
    void info(std::string_view message) const { write(HANDOVER_LOG_INFO, message); }
    void debug(std::string_view message) const { write(HANDOVER_LOG_DEBUG, message); }

private:
    void write(handover_log_level level, std::string_view message) const {
        if (host_ != nullptr) host_->log(host_->context, level, borrow(message));
    }

    const handover_host* host_ = nullptr;
};

// The effective settings of one provider. The views are valid in the constructor only: copy what is
// needed later.
struct Config {
    std::string_view provider = {};
    std::string_view base_url = {};
    std::string_view model = {};
    std::string_view options = "{}";  // a JSON object
    std::string_view version = {};    // the host's
};

// A client's request. The views are valid until `prepare` returns.
struct Request {
    std::string_view dialect = {};
    std::string_view model = {};
    std::string_view body = {};
    std::string_view session = {};
    bool stream = false;
};

struct Header {
    std::string name = {};
    std::string value = {};

    bool operator==(const Header&) const = default;
};

// What goes to the provider. plugin.h says what the host accepts of each.
struct Prepared {
    std::string method = "POST";
    std::string path = {};  // path and query below the base URL
    std::optional<std::uint32_t> host = {};
    std::vector<Header> headers = {};
    std::string body = {};
    bool use_request_body = false;  // forwards the client's body untouched, in place of `body`
    std::optional<bool> upstream_streams = {};

    bool operator==(const Prepared&) const = default;
};

// The provider cannot do what the client asks; the message is for people.
struct Refused {
    std::string message = {};

    bool operator==(const Refused&) const = default;
};

using PrepareAnswer = std::variant<Prepared, Refused>;

enum class Verdict {
    other = HANDOVER_VERDICT_OTHER,
    authentication = HANDOVER_VERDICT_AUTHENTICATION,
    rate_limited = HANDOVER_VERDICT_RATE_LIMITED,
    quota_exhausted = HANDOVER_VERDICT_QUOTA_EXHAUSTED,
    invalid_request = HANDOVER_VERDICT_INVALID_REQUEST,
    overloaded = HANDOVER_VERDICT_OVERLOADED,
    transient = HANDOVER_VERDICT_TRANSIENT,
};

// A name and a value of a failed answer.
struct HeaderView {
    std::string_view name = {};
    std::string_view value = {};
};

// The first header of that name, compared without case; nothing if there is none.
inline std::optional<std::string_view> find_header(const std::vector<HeaderView>& headers,
                                                   std::string_view name) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    const auto same = [&](std::string_view other) {
        if (other.size() != name.size()) return false;
        for (std::size_t i = 0; i < name.size(); ++i) {
            if (lower(other[i]) != lower(name[i])) return false;
        }
        return true;
    };
    for (const auto& candidate : headers) {
        if (same(candidate.name)) return candidate.value;
    }
    return std::nullopt;
}

// A failed answer. The views are valid until `classify` returns.
struct Failure {
    std::uint32_t status = 0;  // 0: an error event inside a stream
    std::vector<HeaderView> headers = {};
    std::string_view body = {};
    std::int64_t now = 0;  // Unix time in seconds

    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
        return find_header(headers, name);
    }
};

// The headers of an answer, success or failure. The views are valid until `limits` returns.
struct AnswerHeaders {
    std::vector<HeaderView> headers = {};
    std::int64_t now = 0;  // Unix time in seconds

    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
        return find_header(headers, name);
    }
};

// One window of a provider's limits; what is not known stays empty. ext/limits.h says what each
// member means.
struct LimitWindow {
    std::string name = {};
    std::optional<double> used_percent = {};
    std::optional<std::int64_t> limit = {};
    std::optional<std::int64_t> remaining = {};
    std::optional<std::int64_t> window_seconds = {};
    std::optional<std::int64_t> resets_at = {};  // Unix time in seconds

    bool operator==(const LimitWindow&) const = default;
};

// A GET for the list of models; plugin.h says what the host accepts of each member.
struct ModelsRequest {
    std::string path = "/models";  // path and query below the base URL
    std::optional<std::uint32_t> host = {};
    std::vector<Header> headers = {};

    bool operator==(const ModelsRequest&) const = default;
};

// One model that the provider serves; what is not known stays empty. ext/models.h says what each
// member means.
struct Model {
    std::string id = {};
    std::string display_name = {};
    std::string owner = {};
    std::optional<std::int64_t> context_window = {};
    std::optional<std::int64_t> created = {};  // Unix time in seconds

    bool operator==(const Model&) const = default;
};

struct Classification {
    Verdict verdict = Verdict::other;
    std::optional<std::int64_t> until = {};  // Unix time in seconds before which a retry is useless
    std::string message = {};

    bool operator==(const Classification&) const = default;
};

// What a plugin's class has to offer.
template <typename T>
concept Provider = std::constructible_from<T, const Config&, Log> &&
    requires(const T& provider, const Request& request, const Failure& failure) {
    { provider.prepare(request) } -> std::convertible_to<PrepareAnswer>;
    { provider.classify(failure) } -> std::convertible_to<Classification>;
};

// A class that reads limits from headers as well.
template <typename T>
concept ReadsLimits = requires(const T& provider, const AnswerHeaders& answer) {
    { provider.limits(answer) } -> std::convertible_to<std::vector<LimitWindow>>;
};

// A class that lists models as well: `models` reads a good answer's body, and throws if it is no
// list.
template <typename T>
concept ListsModels = requires(const T& provider, std::string_view body) {
    { provider.models_request() } -> std::convertible_to<ModelsRequest>;
    { provider.models(body) } -> std::convertible_to<std::vector<Model>>;
};

// Runs `body`; what it throws becomes a message and HANDOVER_FAILED. `report` takes that message.
template <typename Body, typename Report>
handover_status guard(Body&& body, Report&& report) noexcept {
    try {
        return std::forward<Body>(body)();
    } catch (const std::exception& error) {
        report(std::string_view(error.what()));
    } catch (...) {
        report(std::string_view("an exception of an unknown type"));
    }
    return HANDOVER_FAILED;
}

// The C functions over a Provider. Each has one shape: recover the object, delegate inside guard().
template <Provider T>
class Face {
public:
    static handover_status create(const handover_host* host,
                                  const handover_config* config,
                                  handover_instance** instance,
                                  const handover_error_output* error) noexcept {
        *instance = nullptr;
        return guard(
            [&] {
                *instance = reinterpret_cast<handover_instance*>(new T(values(*config), Log(host)));
                return HANDOVER_OK;
            },
            [&](std::string_view message) { error->set_message(error->context, borrow(message)); });
    }

    static void destroy(handover_instance* instance) noexcept {
        delete reinterpret_cast<T*>(instance);
    }

    static handover_status prepare(const handover_instance* instance,
                                   const handover_request* request,
                                   const handover_prepare_output* output) noexcept {
        return guard(
            [&] {
                const PrepareAnswer answer = self(instance).prepare(values(*request));
                if (const auto* refused = std::get_if<Refused>(&answer)) {
                    output->set_message(output->context, borrow(refused->message));
                    return HANDOVER_INVALID_REQUEST;
                }
                give(std::get<Prepared>(answer), *output);
                return HANDOVER_OK;
            },
            [&](std::string_view message) {
                output->set_message(output->context, borrow(message));
            });
    }

    // A classify that throws has said nothing: the host then goes by the status.
    static void classify(const handover_instance* instance,
                         const handover_failure* failure,
                         const handover_classify_output* output) noexcept {
        (void)guard(
            [&] {
                give(self(instance).classify(values(*failure)), *output);
                return HANDOVER_OK;
            },
            [](std::string_view) {});
    }

    // What it throws is as if the headers said nothing.
    static void read_limits(const handover_instance* instance,
                            const handover_pair* headers,
                            std::size_t header_count,
                            std::int64_t now,
                            const handover_limits_output* output) noexcept requires ReadsLimits<T> {
        (void)guard(
            [&] {
                const AnswerHeaders answer{.headers = values(headers, header_count), .now = now};
                for (const auto& window : self(instance).limits(answer)) give(window, *output);
                return HANDOVER_OK;
            },
            [](std::string_view) {});
    }

    static handover_status prepare_models(const handover_instance* instance,
                                          const handover_prepare_output* output) noexcept requires
        ListsModels<T> {
        return guard(
            [&] {
                const ModelsRequest request = self(instance).models_request();
                output->set_path(output->context, borrow(request.path));
                if (request.host) output->set_host(output->context, *request.host);
                give(request.headers, *output);
                return HANDOVER_OK;
            },
            [&](std::string_view message) {
                output->set_message(output->context, borrow(message));
            });
    }

    static handover_status read_models(const handover_instance* instance,
                                       handover_string body,
                                       const handover_models_output* output) noexcept requires
        ListsModels<T> {
        return guard(
            [&] {
                for (const auto& model : self(instance).models(view(body))) give(model, *output);
                return HANDOVER_OK;
            },
            [&](std::string_view message) {
                output->set_message(output->context, borrow(message));
            });
    }

    static const void* get_extension(handover_string id) noexcept {
        if constexpr (ReadsLimits<T>) {
            static constexpr handover_limits limits = {sizeof(handover_limits), 0, read_limits};
            if (view(id) == HANDOVER_EXT_LIMITS) return &limits;
        }
        if constexpr (ListsModels<T>) {
            static constexpr handover_models models = {
                sizeof(handover_models), 0, prepare_models, read_models};
            if (view(id) == HANDOVER_EXT_MODELS) return &models;
        }
        return nullptr;
    }

    static constexpr handover_plugin table = {sizeof(handover_plugin),
                                              HANDOVER_ABI_MINOR,
                                              create,
                                              destroy,
                                              prepare,
                                              classify,
                                              get_extension};

private:
    static const T& self(const handover_instance* instance) {
        return *reinterpret_cast<const T*>(instance);
    }

    static Config values(const handover_config& config) {
        return {.provider = view(config.provider),
                .base_url = view(config.base_url),
                .model = view(config.model),
                .options = view(config.options),
                .version = view(config.version)};
    }

    static Request values(const handover_request& request) {
        return {.dialect = view(request.dialect),
                .model = view(request.model),
                .body = view(request.body),
                .session = view(request.session),
                .stream = request.stream != 0};
    }

    static Failure values(const handover_failure& failure) {
        Failure out;
        out.status = failure.status;
        out.body = view(failure.body);
        out.now = failure.now;
        out.headers = values(failure.headers, failure.header_count);
        return out;
    }

    static std::vector<HeaderView> values(const handover_pair* headers, std::size_t count) {
        std::vector<HeaderView> out;
        out.reserve(count);
        for (std::size_t i = 0; i < count; ++i)
            out.push_back({.name = view(headers[i].name), .value = view(headers[i].value)});
        return out;
    }

    static void give(const std::vector<Header>& headers, const handover_prepare_output& output) {
        for (const auto& header : headers)
            output.add_header(output.context, borrow(header.name), borrow(header.value));
    }

    static void give(const Prepared& prepared, const handover_prepare_output& output) {
        output.set_method(output.context, borrow(prepared.method));
        output.set_path(output.context, borrow(prepared.path));
        if (prepared.host) output.set_host(output.context, *prepared.host);
        give(prepared.headers, output);
        if (prepared.use_request_body) {
            output.use_request_body(output.context);
        } else if (!prepared.body.empty()) {
            output.set_body(output.context, borrow(prepared.body));
        }
        if (prepared.upstream_streams)
            output.set_upstream_streams(output.context, *prepared.upstream_streams ? 1U : 0U);
    }

    static void give(const Classification& answer, const handover_classify_output& output) {
        output.set_verdict(output.context, static_cast<handover_verdict>(answer.verdict));
        if (answer.until) output.set_until(output.context, *answer.until);
        if (!answer.message.empty()) output.set_message(output.context, borrow(answer.message));
    }

    static void give(const LimitWindow& window, const handover_limits_output& output) {
        const handover_limit_window given = {sizeof(handover_limit_window),
                                             0,
                                             borrow(window.name),
                                             window.used_percent.value_or(-1),
                                             window.limit.value_or(-1),
                                             window.remaining.value_or(-1),
                                             window.window_seconds.value_or(-1),
                                             window.resets_at.value_or(-1)};
        output.add_window(output.context, &given);
    }

    static void give(const Model& model, const handover_models_output& output) {
        const handover_model given = {sizeof(handover_model),
                                      0,
                                      borrow(model.id),
                                      borrow(model.display_name),
                                      borrow(model.owner),
                                      model.context_window.value_or(-1),
                                      model.created.value_or(-1)};
        output.add_model(output.context, &given);
    }
};

}  // namespace handover::sdk

// Emits the entry point of a plugin whose provider is `ProviderType`. Once per plugin, at namespace
// scope.
#define HANDOVER_PLUGIN(ProviderType)                                        \
    extern "C" const handover_plugin* HANDOVER_ENTRY(const handover_host*) { \
        return &handover::sdk::Face<ProviderType>::table;                    \
    }
