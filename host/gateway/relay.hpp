// An upstream's answer on its way to a client: bytes as they come where both speak the same
// dialect, events one by one or the whole object translated where they do not.
#pragma once

#include <handover/error.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/request.hpp"
#include "gateway/api_error.hpp"
#include "gateway/client_request.hpp"
#include "gateway/responder.hpp"
#include "http/client.hpp"
#include "http/flow.hpp"

namespace handover::gateway {

// What client and upstream speak.
struct Conversation {
    // Nothing for what is not translated (embeddings): the answer is the upstream's.
    std::optional<dialects::Dialect> client = {};
    std::optional<dialects::Dialect> upstream = {};
    bool client_streams = false;
    dialects::RequestFacts facts = {};  // where the two differ
    // Of a translated answer's ids.
    std::string seed = {};
    std::int64_t now = 0;

    [[nodiscard]] bool translated() const { return client && upstream && *client != *upstream; }
};

// The client's side, as every relay needs it. Outlives the relay.
struct ClientSide {
    Responder& responder;
    Notes& notes;
    http::Flow& flow;
};

// One answer. Where a good exchange ends, `finish`; where it breaks, `finish` too if the answer has
// ended all the same, else `fail`, if the client has seen the head.
class Relay {
public:
    Relay() = default;
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    virtual ~Relay() = default;

    virtual bool body(std::string_view bytes) = 0;  // false: nothing more is wanted

    // Why not, if it is the answer's fault.
    [[nodiscard]] virtual const Error* gave_up() const { return nullptr; }

    // It said all it had to say, or that it failed; what follows does not count.
    [[nodiscard]] virtual bool ended() const = 0;

    // A failure that came as a good answer and of which the client has seen nothing, if it is one.
    virtual std::optional<http::Response> finish() = 0;

    // The failure becomes the stream's end.
    virtual void fail(const ApiError& error) = 0;
};

std::unique_ptr<Relay> make_relay(ClientSide& client,
                                  const Conversation& conversation,
                                  const http::ResponseHead& head);

// The upstream's headers that mean something to a client.
std::vector<http::Header> passed_headers(const std::vector<http::Header>& headers);

}  // namespace handover::gateway
