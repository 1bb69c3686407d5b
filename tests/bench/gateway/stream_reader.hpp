// Reads the events of an event stream, chunked or of a known length, from whatever pieces it comes
// in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace handover::bench {

class StreamReader {
public:
    // Adds the stamps of the events that the bytes completed. False: this is no 200 that says
    // where it ends, or there was more than its end.
    [[nodiscard]] bool feed(std::string_view bytes, std::vector<std::int64_t>& stamps);
    [[nodiscard]] bool ended() const { return state_ == State::ended; }
    // What came of the response's head, for an error message.
    [[nodiscard]] const std::string& head() const { return head_; }

private:
    enum class State { head, size, data, after_data, last_line, ended };

    bool read_head(std::string_view& bytes);
    bool read_line(std::string_view& bytes);
    bool end_framing();
    bool choose_framing();
    void read_data(std::string_view& bytes, std::vector<std::int64_t>& stamps);
    void end_line(std::vector<std::int64_t>& stamps);

    State state_ = State::head;
    std::string head_ = {};
    std::string framing_ = {};  // a line of the chunks' framing that is not whole yet
    std::string line_ = {};     // a line of the stream that is not whole yet
    std::size_t left_ = 0;      // of the chunk, or of the whole
    bool counted_ = false;      // a length instead of chunks
};

}  // namespace handover::bench
