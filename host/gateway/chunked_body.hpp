// The chunked coding of a request's body (RFC 9112 section 7.1), byte by byte and strictly: lines
// end in CRLF, sizes are plain hexadecimal, extensions and trailers are bounded and left out. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace handover::gateway {

class ChunkedBody {
public:
    enum class State { more, done, malformed, too_large };

    // Appends what `bytes` decode to; returns how many of them belong to this body. Precondition:
    // the state is `more`.
    std::size_t feed(std::string_view bytes, std::string& body, std::uint64_t most);
    [[nodiscard]] State state() const { return state_; }
    void reset() { *this = ChunkedBody(); }

private:
    enum class Part {
        size_first,  // at least one digit
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer,
        trailer_lf,
        last_lf,
    };

    void take(char c);
    void take_size(char c);
    void take_extra(char c, Part at_end);
    void expect(char wanted, char c, Part next);
    void begin_chunk();
    std::size_t take_data(std::string_view bytes, std::string& body);

    State state_ = State::more;
    Part part_ = Part::size_first;
    std::uint64_t left_ = 0;  // of the chunk
    std::size_t extra_ = 0;   // bytes of extensions and trailers
    unsigned digits_ = 0;
};

}  // namespace handover::gateway
