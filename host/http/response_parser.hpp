// Reads HTTP/1.x answers (RFC 9112) from bytes as they come, in whatever pieces. Pure. Strict where
// two readers could understand an answer differently: such an answer ends as `failed`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.hpp"

namespace handover::http {

class ResponseParser {
public:
    enum class Kind {
        more,    // everything given was taken; more bytes are needed
        head,    // head() is complete; interim answers (1xx) are skipped
        body,    // `bytes` is the next piece of the body
        end,     // the answer is complete; what is left of the input does not belong to it
        failed,  // `reason` says why; nothing more can be read
    };
    struct Step {
        Kind kind = Kind::more;
        std::string_view bytes = {};  // lies in the input
        const char* reason = "";
    };

    explicit ResponseParser(std::size_t max_head = 256U << 10U) : max_head_(max_head) {}

    // For the next answer on the same connection. To a HEAD request no body follows.
    void begin(bool to_head_request);

    // Takes from the front of `input` up to the next step.
    Step next(std::string_view& input);

    // The connection was closed in order and all input was taken: `end` where the answer is
    // complete by that, else `failed`.
    Step close();

    // Valid from `head` on until begin().
    [[nodiscard]] const ResponseHead& head() const { return head_; }

    // Meaningful after `end`: whether the connection may carry another request.
    [[nodiscard]] bool keeps_alive() const { return keeps_alive_ && body_ != Body::until_close; }

    // The head was longer than allowed: tells this `failed` from others.
    [[nodiscard]] bool head_too_long() const { return head_size_ > max_head_; }

private:
    enum class State {
        status_line,
        header_lines,
        body_begins,
        counted,  // left_ bytes of the body, or of a chunk
        until_close,
        chunk_size,
        chunk_end,
        trailer_lines,
        done,
        failed,
    };
    enum class Body { none, counted, chunked, until_close };
    static State first_state(Body body);

    Step take_line(std::string_view& input);
    Step take_counted(std::string_view& input);
    Step take_until_close(std::string_view& input);

    Step on_line(std::string_view line);
    Step on_status_line(std::string_view line);
    Step on_header_line(std::string_view line);
    Step on_head_end();
    Step on_chunk_size(std::string_view line);

    const char* note_framing(const Header& header);
    const char* note_length(std::string_view value);
    void note_connection(std::string_view value);
    const char* decide_body();

    Header& new_header();
    Step fail(const char* reason);

    std::size_t max_head_;
    State state_ = State::done;
    bool to_head_request_ = false;

    std::string partial_ = {};  // of a line that came in pieces
    std::size_t head_size_ = 0;
    ResponseHead head_ = {};
    std::vector<Header> spare_ = {};  // emptied ones, for their memory
    int minor_version_ = 1;
    bool says_close_ = false;
    bool says_keep_alive_ = false;
    bool has_length_ = false;
    bool has_encoding_ = false;
    bool chunked_ = false;

    Body body_ = Body::none;
    bool keeps_alive_ = false;
    std::uint64_t length_ = 0;
    std::uint64_t left_ = 0;
};

}  // namespace handover::http
