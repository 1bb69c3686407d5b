// What the relays of relay.hpp share. For the files that implement them only.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "dialects/answer.hpp"
#include "gateway/relay.hpp"

namespace handover::gateway {

void take_usage(Notes& notes, const dialects::Usage& usage);

// An error as the last words of a stream; secrets in it are replaced.
dialects::AnswerFailure in_stream(const ApiError& error);

// Writes to the client, and holds the upstream back while the client is slower.
class ClientWriter {
public:
    explicit ClientWriter(ClientSide& client) : client_(client) {}

    void head(int status, const std::vector<http::Header>& headers) {
        client_.responder.send_head(status, headers);
    }

    void whole(int status, const std::vector<http::Header>& headers, std::string_view body) {
        client_.responder.whole(status, headers, body);
    }

    // False once the client has gone.
    bool write(std::string_view bytes) {
        return bytes.empty() || heeds(client_.responder.write(bytes));
    }

    // The same for what may be followed at once by more: it leaves when the upstream has said all
    // that it has to say now.
    bool queue(std::string_view bytes) {
        return bytes.empty() || heeds(client_.responder.queue(bytes));
    }

    void finish() { client_.responder.finish(); }
    void abort() { client_.responder.abort(); }
    [[nodiscard]] Notes& notes() const { return client_.notes; }

private:
    bool heeds(Pressure pressure) {
        switch (pressure) {
            case Pressure::none:
                return true;
            case Pressure::gone:
                return false;
            case Pressure::high:
                break;
        }
        client_.flow.pause();
        client_.responder.on_drained([this] { client_.flow.resume(); });
        return true;
    }

    ClientSide& client_;
};

// A stream in the other dialect, event by event.
std::unique_ptr<Relay> make_translated_stream(ClientSide& client,
                                              const Conversation& conversation,
                                              const http::ResponseHead& head);

// One object for a client that does not stream: of an upstream's stream, of its other dialect, or
// both. A client that streams never gets here but from an upstream that does not.
std::unique_ptr<Relay> make_whole_answer(ClientSide& client,
                                         const Conversation& conversation,
                                         const http::ResponseHead& head);

}  // namespace handover::gateway
