// One request in flight through libcurl: the easy handle, what it was given, what came back. For
// the files of this folder only; event_loop.hpp moves it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/curl_library.hpp"
#include "http/exchange.hpp"

namespace handover::http {

class EventLoop;

class Transfer final : public Exchange {
public:
    Transfer(std::shared_ptr<Lane> lane,
             const Order& order,
             std::shared_ptr<const Target> target,
             EventLoop& loop);
    ~Transfer() override;

    [[nodiscard]] CURL* easy() const { return easy_; }

    // Called by the event loop when libcurl has ended the transfer.
    void ended_by_library(CURLcode code);
    // All that arrived was handed over.
    void settled();

private:
    static int prerequest(void* self, char*, char*, int, int) noexcept;
    static std::size_t header(char* data, std::size_t one, std::size_t size, void* self) noexcept;
    static std::size_t body(char* data, std::size_t one, std::size_t size, void* self) noexcept;

    void begin() override;
    void cut() override;
    void continue_flow() override;

    // False where memory ran out or the library lacks an option.
    bool configure();
    bool configure_request();
    bool append_headers();
    bool append_header(const std::string& name, std::string_view value);
    void configure_body();
    void configure_route();
    void configure_tls();

    bool take_header_line(std::string_view line);
    void note_version(std::string_view status_line);
    bool take_head_end();
    bool take_body(std::string_view bytes);
    bool refuse(Ending ending);
    [[nodiscard]] Ending ending_of(CURLcode code) const;

    template <typename Value>
    bool set(CURLoption option, Value value) {
        return curl_.easy_setopt(easy_, option, value) == CURLE_OK;
    }

    EventLoop& loop_;
    const CurlLibrary& curl_;
    CURL* easy_ = nullptr;
    curl_slist* headers_ = nullptr;
    curl_slist* addresses_ = nullptr;
    std::array<char, CURL_ERROR_SIZE> error_text_ = {};

    bool running_ = false;  // known to the event loop
    bool held_ = false;     // libcurl was told to wait with the body
    bool head_delivered_ = false;
    std::size_t head_size_ = 0;
    ResponseHead head_ = {};
    std::optional<Ending> refused_ = {};  // why a callback told libcurl to stop
};

}  // namespace handover::http
