// The model API: a model that says back what it was told, in both dialects, with the errors of the
// services it stands for. Pure: a body in, a Reply out.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/exchange.hpp"
#include "text/time.hpp"

namespace handover::sandbox {

// Whose rules apply: the public API's, or those of the backend that serves ChatGPT subscriptions,
// which takes less.
enum class Backend { openai, codex };

struct ModelContext {
    Backend backend = Backend::openai;
    std::string id = {};  // unique per answer
    Time now = {};
    bool empty_output =
        false;  // the terminal event's `output` is empty, as the codex backend's can be
};

Reply answer_responses(std::string_view body, const ModelContext& context);
Reply answer_chat_completions(std::string_view body, const ModelContext& context);

// OpenAI's list shape, or the codex backend's own, which insists on a client_version; with an ETag,
// and 304 for who has it already.
Reply list_models(const Request& request, Backend backend);

// {"error": {message, type, param, code}}; an empty code is null.
Reply openai_error(int status,
                   std::string_view type,
                   std::string_view code,
                   std::string_view message);

// {"detail": ...}, as the codex backend refuses a body.
Reply detail_error(int status, std::string_view detail);

// One server-sent event; without a name it has a data line only.
std::string sse_event(std::string_view name, std::string_view data);

}  // namespace handover::sandbox
