#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "plugins/loaded.hpp"
#include "plugins/plugin.hpp"
#include "plugins/prepare_answer.hpp"
#include "text/printable.hpp"

namespace handover::plugins {
namespace {

constexpr std::size_t longest_message = 2000;

constexpr handover_string borrow(std::string_view text) {
    return {text.data(), text.size()};
}

// Runs a setter's work. Nothing may leave it: the plugin above it may be plain C.
template <typename Target, typename Work>
void set(void* context, const Work& work) noexcept {
    try {
        work(*static_cast<Target*>(context));
    } catch (const std::exception&) {  // the ABI's edge: what there is no memory for was not said
    }
}

void set_error(void* context, handover_string message) noexcept {
    set<std::string>(context, [&](std::string& into) {
        if (const auto text = given(message)) into = text->substr(0, longest_message);
    });
}

void set_verdict(void* context, handover_verdict verdict) noexcept {
    set<Classification>(context, [&](Classification& into) {
        const int number = number_of(verdict);
        const bool known = number >= HANDOVER_VERDICT_OTHER && number <= HANDOVER_VERDICT_TRANSIENT;
        into.verdict = known ? static_cast<Verdict>(number) : Verdict::other;
    });
}
static_assert(static_cast<int>(Verdict::transient) == HANDOVER_VERDICT_TRANSIENT);
static_assert(static_cast<int>(Verdict::quota_exhausted) == HANDOVER_VERDICT_QUOTA_EXHAUSTED);

void set_until(void* context, std::int64_t until) noexcept {
    set<Classification>(context, [&](Classification& into) {
        constexpr std::int64_t year_2200 =
            7'258'118'400;  // a later time is a mistake, and would overflow the clock
        if (until > 0 && until < year_2200) into.until = Time(std::chrono::seconds(until));
    });
}

void set_words(void* context, handover_string message) noexcept {
    set<Classification>(context, [&](Classification& into) {
        if (const auto text = given(message))
            into.message = text::printable(*text, longest_message);
    });
}

}  // namespace

class Instance::Impl {
public:
    Impl(const Loaded& from, handover_instance* made) : loaded(from), instance(made) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { loaded.table->destroy(instance); }

    [[nodiscard]] Failure failed(std::string_view what, std::string reason) const {
        return fail({.code = Errc::plugin_failed,
                     .message = fmt::format("the plugin {} {}", loaded.id, what),
                     .reason = std::move(reason),
                     .fix = "report it to the plugin's author; another release may help"});
    }

    // Whether what a prepare function answered may go out.
    [[nodiscard]] Result<void> judge(const PrepareAnswer& answer,
                                     int outcome,
                                     const std::vector<std::string>& owned_headers) const {
        const auto words = text::printable(answer.message);
        if (outcome == HANDOVER_INVALID_REQUEST) {
            return fail({.code = Errc::provider_rejected,
                         .message = fmt::format("{} cannot serve this request", loaded.id),
                         .reason = words,
                         .fix = {}});
        }
        if (outcome != HANDOVER_OK) return failed("could not prepare the request", words);
        if (auto breach = breach_of(answer, loaded.host_count, owned_headers))
            return failed("prepared a request that is not allowed", *std::move(breach));
        return {};
    }

    const Loaded& loaded;
    handover_instance* instance;
};

Instance::Instance(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Instance::Instance(Instance&&) noexcept = default;
Instance& Instance::operator=(Instance&&) noexcept = default;
Instance::~Instance() = default;

Result<PreparedRequest> Instance::prepare(const ClientRequest& request,
                                          const std::vector<std::string>& owned_headers) const {
    const handover_request asked = {.size = sizeof(handover_request),
                                    .stream = request.stream ? 1U : 0U,
                                    .dialect = borrow(request.dialect),
                                    .model = borrow(request.model),
                                    .body = borrow(request.body),
                                    .session = borrow(request.session)};
    PrepareAnswer answer;
    answer.request.upstream_streams = request.stream;
    const auto output = output_into(answer);
    handover_status status = HANDOVER_FAILED;
    try {
        status = impl_->loaded.table->prepare(impl_->instance, &asked, &output);
    } catch (...) {  // the ABI's edge: a plugin without the C++ face may leak one
        return impl_->failed("broke the plugin ABI", "an exception left its prepare function");
    }
    if (auto judged = impl_->judge(answer, number_of(status), owned_headers); !judged)
        return judged.failure();
    return std::move(answer.request);
}

Classification Instance::classify(const http::Response& failed, Time now) const {
    std::vector<handover_pair> headers;
    headers.reserve(failed.headers.size());
    for (const auto& header : failed.headers)
        headers.push_back({borrow(header.name), borrow(header.value)});
    const handover_failure failure = {
        .size = sizeof(handover_failure),
        .status = static_cast<std::uint32_t>(std::max(failed.status, 0)),
        .headers = headers.data(),
        .header_count = headers.size(),
        .body = borrow(std::string_view(failed.body).substr(0, 1U << 20U)),
        .now = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()};
    Classification answer;
    const handover_classify_output output = {.size = sizeof(handover_classify_output),
                                             .reserved = 0,
                                             .context = &answer,
                                             .set_verdict = set_verdict,
                                             .set_until = set_until,
                                             .set_message = set_words};
    try {
        impl_->loaded.table->classify(impl_->instance, &failure, &output);
    } catch (...) {  // the ABI's edge: the host then goes by the status
        return {};
    }
    return answer;
}

std::vector<LimitWindow> Instance::read_limits(const std::vector<http::Header>& headers,
                                               Time now) const {
    const auto* limits = impl_->loaded.limits;
    if (limits == nullptr || headers.empty()) return {};
    return read_windows(*limits, impl_->instance, headers, now);
}

bool Instance::lists_models() const {
    return impl_->loaded.models != nullptr;
}

Result<PreparedRequest> Instance::prepare_models(
    const std::vector<std::string>& owned_headers) const {
    PrepareAnswer answer;
    answer.request.method = "GET";
    const auto output = output_into(answer);
    handover_status status = HANDOVER_FAILED;
    try {
        status = impl_->loaded.models->prepare(impl_->instance, &output);
    } catch (...) {  // the ABI's edge: a plugin without the C++ face may leak one
        return impl_->failed("broke the plugin ABI",
                             "an exception left the prepare function of its list of models");
    }
    if (auto judged = impl_->judge(answer, number_of(status), owned_headers); !judged)
        return judged.failure();
    answer.request.upstream_streams = false;
    return std::move(answer.request);
}

Result<std::vector<Model>> Instance::read_models(std::string_view body) const {
    auto list = read_model_list(*impl_->loaded.models, impl_->instance, body);
    if (list.understood) return std::move(list.models);
    return impl_->failed("did not understand the provider's list of models",
                         text::printable(list.message));
}

Result<void> check_table(const handover_plugin* table, const std::string& id) {
    const auto mismatch = [&](std::string reason) {
        return fail({.code = Errc::plugin_abi_mismatch,
                     .message = fmt::format("the plugin {} does not keep to the plugin ABI", id),
                     .reason = std::move(reason),
                     .fix = "install another release of the plugin"});
    };
    if (table == nullptr) {
        return fail({.code = Errc::plugin_failed,
                     .message = fmt::format("the plugin {} refuses to work with this host", id),
                     .reason = "its entry point returned no function table",
                     .fix = "its log lines say why: run again with -v"});
    }
    if (!HANDOVER_HAS(table, get_extension)) {
        return mismatch(fmt::format(
            "its function table has {} bytes; version 1.0 has {}", table->size, sizeof *table));
    }
    const std::array<std::pair<const char*, bool>, 4> required = {
        {{"create", table->create != nullptr},
         {"destroy", table->destroy != nullptr},
         {"prepare", table->prepare != nullptr},
         {"classify", table->classify != nullptr}}};
    for (const auto& [name, there] : required) {
        if (!there) return mismatch(fmt::format("its function table lacks \"{}\"", name));
    }
    return {};
}

Result<Instance> make_instance(const Loaded& loaded, const InstanceConfig& config) {
    const handover_config settings = {.size = sizeof(handover_config),
                                      .reserved = 0,
                                      .provider = borrow(config.provider),
                                      .base_url = borrow(config.base_url),
                                      .model = borrow(config.model),
                                      .options = borrow(config.options),
                                      .version = borrow(HANDOVER_VERSION)};
    std::string words;
    const handover_error_output error = {.size = sizeof(handover_error_output),
                                         .reserved = 0,
                                         .context = &words,
                                         .set_message = set_error};
    handover_instance* made = nullptr;
    handover_status status = HANDOVER_FAILED;
    try {
        status = loaded.table->create(&loaded.host, &settings, &made, &error);
    } catch (...) {  // the ABI's edge: a plugin without the C++ face may leak one
        words = "an exception left its create function";
    }
    const int outcome = number_of(status);
    if (outcome == HANDOVER_OK && made != nullptr)
        return Instance(std::make_unique<Instance::Impl>(loaded, made));
    if (words.empty()) words = outcome == HANDOVER_OK ? "it made no instance" : "it gave no reason";
    const bool users = outcome == HANDOVER_INVALID_REQUEST;
    return fail({.code = users ? Errc::config_invalid : Errc::plugin_failed,
                 .message = fmt::format(
                     "the plugin {} cannot serve the provider {}", loaded.id, config.provider),
                 .reason = text::printable(words),
                 .fix = users ? fmt::format("change the options of [providers.{}]", config.provider)
                              : "check its options, or install another release of the plugin"});
}

}  // namespace handover::plugins
