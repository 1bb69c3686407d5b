#include "http/transfer.hpp"

#include <strings.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "http/event_loop.hpp"
#include "http/header_rules.hpp"
#include "http/lane.hpp"
#include "http/request_head.hpp"

namespace handover::http {
namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto start = text.find_first_not_of(blanks);
    if (start == std::string_view::npos) return {};
    return text.substr(start, text.find_last_not_of(blanks) - start + 1);
}

}  // namespace

Transfer::Transfer(std::shared_ptr<Lane> lane,
                   const Order& order,
                   std::shared_ptr<const Target> target,
                   EventLoop& loop)
    : Exchange(std::move(lane), order, std::move(target)), loop_(loop), curl_(loop.library()) {}

Transfer::~Transfer() {
    cut();
    if (easy_ != nullptr) curl_.easy_cleanup(easy_);
    // The copies that libcurl's list holds carry the credential.
    for (const auto* node = headers_; node != nullptr; node = node->next) {
        explicit_bzero(node->data, std::strlen(node->data));
    }
    curl_.slist_free_all(headers_);
    curl_.slist_free_all(addresses_);
}

void Transfer::begin() {
    running_ = configure() && loop_.start(*this);
    if (!running_) end({.ending = Ending::unusable});
}

void Transfer::cut() {
    if (running_) loop_.remove(*this);
    running_ = false;
}

bool Transfer::configure() {
    easy_ = curl_.easy_init();
    if (easy_ == nullptr) return false;
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_NOSIGNAL, 1L);
    if (loop_.share() != nullptr && order().pooled) set(CURLOPT_SHARE, loop_.share());
    set(CURLOPT_HEADERFUNCTION, &Transfer::header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &Transfer::body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_TCP_NODELAY, 1L);
    // Tells for certain that a connection stands and that the request is about to leave, each time
    // it does.
    return set(CURLOPT_PREREQFUNCTION, &Transfer::prerequest) &&
           set(CURLOPT_PREREQDATA, static_cast<void*>(this)) && configure_request();
}

bool Transfer::configure_request() {
    set(CURLOPT_URL, order().request.url.c_str());
    configure_body();
    configure_route();
    if (target().scheme == "https") configure_tls();
    return append_headers();
}

void Transfer::configure_body() {
    const auto& request = order().request;
    const auto bytes = body_of(request);
    if (request.method == "GET" && bytes.empty()) {
        set(CURLOPT_HTTPGET, 1L);
        return;
    }
    if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
    if (request.method == "POST" || !bytes.empty()) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(bytes.size()));
        set(CURLOPT_POSTFIELDS, bytes.empty() ? "" : bytes.data());  // borrowed, not copied
    }
    if (request.method != "POST" && request.method != "HEAD")
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Transfer::configure_route() {
    const auto& options = lane().options();
    set(CURLOPT_PROTOCOLS_STR,
        "http,https");  // newer than 7.85; parse_target has refused others before
    set(CURLOPT_USERAGENT, options.user_agent.c_str());
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(order().limits.connect.count()));
    if (target().loopback) {
        set(CURLOPT_NOPROXY, "*");
    } else if (!options.proxy.empty()) {
        set(CURLOPT_PROXY, options.proxy.c_str());
    }
    set(CURLOPT_HEADEROPT,
        static_cast<long>(CURLHEADER_SEPARATE));  // a proxy never sees the credential
    if (target().loopback && target().host.ends_with("localhost")) {
        // Never asked of DNS; servers on one family only are found by trying both.
        const auto entry = target().host + ':' + std::to_string(target().port) + ":127.0.0.1,[::1]";
        addresses_ = curl_.slist_append(nullptr, entry.c_str());
        set(CURLOPT_RESOLVE, addresses_);
    }
    if (order().pooled) {
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
        return;
    }
    // HTTP/1.1: one request, one connection, nothing that a library could silently repeat.
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);
}

void Transfer::configure_tls() {
    const auto& roots = lane().trust_roots();
    if (roots.file.empty() && roots.directory.empty()) return;
    const char* const file = roots.file.empty() ? nullptr : roots.file.c_str();
    const char* const directory = roots.directory.empty() ? nullptr : roots.directory.c_str();
    set(CURLOPT_CAINFO, file);
    set(CURLOPT_CAPATH, directory);
    set(CURLOPT_PROXY_CAINFO, file);
    set(CURLOPT_PROXY_CAPATH, directory);
}

bool Transfer::append_headers() {
    bool ok = true;
    bool has_content_type = false;
    for (const auto& header : order().request.headers) {
        if (same_name(header.name, "accept-encoding")) continue;
        has_content_type = has_content_type || same_name(header.name, "content-type");
        ok = ok && append_header(header.name, header.value);
    }
    // A stream is handed over as it comes: nothing here unpacks it.
    ok = ok && append_header("Accept-Encoding", "identity");
    // Takes back what libcurl would add by itself: a form's type, and a round trip to ask for
    // leave.
    if (!has_content_type) headers_ = curl_.slist_append(headers_, "Content-Type:");
    headers_ = curl_.slist_append(headers_, "Expect:");
    for (const auto& credential : order().request.credentials) {
        ok = ok && append_header(credential.name, credential.value.reveal());
    }
    return ok && set(CURLOPT_HTTPHEADER, headers_);
}

bool Transfer::append_header(const std::string& name, std::string_view value) {
    // libcurl's spelling of an empty value is a semicolon.
    std::string line;
    line.reserve(name.size() + value.size() + 2);
    line.append(name).append(value.empty() ? ";" : ": ").append(value);
    auto* const longer = curl_.slist_append(headers_, line.c_str());
    wipe(line);
    if (longer == nullptr) return false;
    headers_ = longer;
    return true;
}

int Transfer::prerequest(void* self, char*, char*, int, int) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.sends_ > 0 && !transfer.order().pooled) {
        transfer.refuse(Ending::resend_refused);
        return CURL_PREREQFUNC_ABORT;
    }
    ++transfer.sends_;
    transfer.enter(Ending::first_byte_timeout);
    return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    try {
        return static_cast<Transfer*>(self)->take_header_line({data, size}) ? size : 0;
    } catch (...) {
        return 0;  // out of memory
    }
}

std::size_t Transfer::body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.paused()) {
        transfer.held_ = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    transfer.loop_.fed(transfer);
    // Anything but `size` ends the transfer.
    return transfer.take_body({data, size}) ? size : size + 1;
}

bool Transfer::take_header_line(std::string_view line) {
    answer_begun_ = true;
    enter(Ending::idle_timeout);
    head_size_ += line.size();
    if (head_size_ > order().limits.max_head) return refuse(Ending::head_too_long);
    if (head_delivered_) return true;  // trailers
    const auto text = trim(line);
    if (text.empty()) return take_head_end();
    const auto colon = text.find(':');
    if (text.starts_with("HTTP/")) {
        note_version(text);
        head_.headers.clear();  // an interim answer (1xx) came before
    } else if ((line.front() == ' ' || line.front() == '\t') && !head_.headers.empty()) {
        head_.headers.back().value.append(" ").append(text);  // obsolete line folding
    } else if (colon != std::string_view::npos) {
        head_.headers.push_back({.name = std::string(trim(text.substr(0, colon))),
                                 .value = std::string(trim(text.substr(colon + 1)))});
    }
    return true;
}

void Transfer::note_version(std::string_view status_line) {
    const bool secure = target().scheme == "https";
    if (secure && order().pooled && status_line.starts_with("HTTP/1.1"))
        lane().origin(target()).answered_http1();
}

bool Transfer::take_head_end() {
    long status = 0;
    curl_.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) return true;
    head_.status = static_cast<int>(status);
    head_delivered_ = true;
    loop_.fed(*this);
    return deliver_head(head_) || refuse(Ending::stopped);
}

bool Transfer::take_body(std::string_view bytes) {
    enter(Ending::idle_timeout);
    return deliver_body(bytes) || refuse(Ending::stopped);
}

bool Transfer::refuse(Ending ending) {
    refused_ = ending;
    return false;
}

// libcurl may hand the body over from within: it is called from the loop, never from resume().
void Transfer::continue_flow() {
    if (!held_ || paused()) return;
    held_ = false;
    loop_.resume(*this);
}

void Transfer::ended_by_library(CURLcode code) {
    running_ = false;
    const auto ending = refused_.value_or(ending_of(code));
    const bool has_text = error_text_.front() != '\0';
    end({.ending = ending, .detail = has_text ? error_text_.data() : curl_.easy_strerror(code)});
}

void Transfer::settled() {
    if (!deliver_settled()) end_early(Ending::stopped);
}

Ending Transfer::ending_of(CURLcode code) const {
    switch (code) {
        case CURLE_OK:
            return head_delivered_ ? Ending::answered : Ending::broken;
        case CURLE_COULDNT_RESOLVE_HOST:
            return Ending::name_unknown;
        case CURLE_COULDNT_RESOLVE_PROXY:
            return Ending::proxy_unknown;
        case CURLE_COULDNT_CONNECT:
            return Ending::refused;
        case CURLE_PEER_FAILED_VERIFICATION:
            return Ending::untrusted;
        case CURLE_SSL_CACERT_BADFILE:
            return Ending::bad_trust_roots;
        case CURLE_SSL_CONNECT_ERROR:
            return Ending::no_tls;
        case CURLE_OPERATION_TIMEDOUT:
            // libcurl keeps the connect time-out too, and shares it among a name's addresses.
            return sends_ == 0 ? Ending::connect_timeout : Ending::broken;
        default:
            return Ending::broken;
    }
}

}  // namespace handover::http
