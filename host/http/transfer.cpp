#include "http/transfer.hpp"

#include <strings.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "http/header_rules.hpp"

namespace handover::http {
namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto start = text.find_first_not_of(blanks);
    if (start == std::string_view::npos) return {};
    return text.substr(start, text.find_last_not_of(blanks) - start + 1);
}

}  // namespace

Transfer::Transfer(Setup setup) : setup_(std::move(setup)), timer_(setup_.io) {}

Transfer::~Transfer() {
    if (easy_ != nullptr) setup_.curl.easy_cleanup(easy_);
    // The copies that libcurl's list holds carry the credential.
    for (const auto* node = headers_; node != nullptr; node = node->next) {
        explicit_bzero(node->data, std::strlen(node->data));
    }
    setup_.curl.slist_free_all(headers_);
    setup_.curl.slist_free_all(addresses_);
}

bool Transfer::configure() {
    easy_ = setup_.curl.easy_init();
    if (easy_ == nullptr) return false;
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_NOSIGNAL, 1L);
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
    set(CURLOPT_URL, setup_.request.url.c_str());
    configure_body();
    configure_route();
    if (setup_.target.scheme == "https") configure_tls();
    return append_headers();
}

void Transfer::configure_body() {
    const auto& request = setup_.request;
    const auto bytes =
        request.secret_body.empty() ? std::string_view(request.body) : request.secret_body.reveal();
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
    const auto& route = setup_.route;
    set(CURLOPT_PROTOCOLS_STR,
        "http,https");  // newer than 7.85; parse_target has refused others before
    set(CURLOPT_USERAGENT, route.user_agent.c_str());
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(setup_.limits.connect.count()));
    if (setup_.target.loopback) {
        set(CURLOPT_NOPROXY, "*");
    } else if (!route.proxy.empty()) {
        set(CURLOPT_PROXY, route.proxy.c_str());
    }
    set(CURLOPT_HEADEROPT,
        static_cast<long>(CURLHEADER_SEPARATE));  // a proxy never sees the credential
    if (setup_.target.loopback && setup_.target.host.ends_with("localhost")) {
        // Never asked of DNS; servers on one family only are found by trying both.
        const auto entry =
            setup_.target.host + ':' + std::to_string(setup_.target.port) + ":127.0.0.1,[::1]";
        addresses_ = setup_.curl.slist_append(nullptr, entry.c_str());
        set(CURLOPT_RESOLVE, addresses_);
    }
    if (route.pooled) {
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
        return;
    }
    // HTTP/1.1: one request, one connection, nothing that a library could silently repeat.
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);
}

void Transfer::configure_tls() {
    const auto& roots = setup_.route.roots;
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
    for (const auto& header : setup_.request.headers) {
        if (same_name(header.name, "accept-encoding")) continue;
        has_content_type = has_content_type || same_name(header.name, "content-type");
        ok = ok && append_header(header.name, header.value);
    }
    // A stream is handed over as it comes: nothing here unpacks it.
    ok = ok && append_header("Accept-Encoding", "identity");
    // Takes back what libcurl would add by itself: a form's type, and a round trip to ask for
    // leave.
    if (!has_content_type) headers_ = setup_.curl.slist_append(headers_, "Content-Type:");
    headers_ = setup_.curl.slist_append(headers_, "Expect:");
    for (const auto& credential : setup_.request.credentials) {
        ok = ok && append_header(credential.name, credential.value.reveal());
    }
    return ok && set(CURLOPT_HTTPHEADER, headers_);
}

bool Transfer::append_header(const std::string& name, std::string_view value) {
    // libcurl's spelling of an empty value is a semicolon.
    std::string line;
    line.reserve(name.size() + value.size() + 2);
    line.append(name).append(value.empty() ? ";" : ": ").append(value);
    auto* const longer = setup_.curl.slist_append(headers_, line.c_str());
    wipe(line);
    if (longer == nullptr) return false;
    headers_ = longer;
    return true;
}

int Transfer::prerequest(void* self, char*, char*, int, int) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.sends_ > 0 && !transfer.setup_.route.pooled) {
        transfer.refuse(Ending::resend_refused);
        return CURL_PREREQFUNC_ABORT;
    }
    ++transfer.sends_;
    transfer.set_deadline(Ending::first_byte_timeout, transfer.setup_.limits.first_byte);
    return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    try {
        return transfer.take_header_line({data, size}) ? size : 0;
    } catch (...) {
        transfer.thrown_ = std::current_exception();
        return 0;
    }
}

std::size_t Transfer::body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    try {
        return transfer.take_body({data, size})
                   ? size
                   : size + 1;  // anything but `size` ends the transfer
    } catch (...) {
        transfer.thrown_ = std::current_exception();
        return size + 1;
    }
}

bool Transfer::take_header_line(std::string_view line) {
    head_begun_ = true;
    set_deadline(Ending::idle_timeout, setup_.limits.idle);
    head_size_ += line.size();
    if (head_size_ > setup_.limits.max_head) return refuse(Ending::head_too_long);
    if (head_delivered_) return true;  // trailers
    const auto text = trim(line);
    if (text.empty()) {
        long status = 0;
        setup_.curl.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200) deliver_head(static_cast<int>(status));
        return true;
    }
    const auto colon = text.find(':');
    if (text.starts_with("HTTP/")) {
        head_.headers.clear();  // an interim answer (1xx) came before
    } else if ((line.front() == ' ' || line.front() == '\t') && !head_.headers.empty()) {
        head_.headers.back().value.append(" ").append(text);  // obsolete line folding
    } else if (colon != std::string_view::npos) {
        head_.headers.push_back({.name = std::string(trim(text.substr(0, colon))),
                                 .value = std::string(trim(text.substr(colon + 1)))});
    }
    return true;
}

void Transfer::deliver_head(int status) {
    head_.status = status;
    head_delivered_ = true;
    if (setup_.handler.on_head) setup_.handler.on_head(head_);
}

bool Transfer::take_body(std::string_view bytes) {
    set_deadline(Ending::idle_timeout, setup_.limits.idle);
    if (!setup_.handler.on_body || setup_.handler.on_body(bytes)) return true;
    return refuse(Ending::stopped);
}

bool Transfer::refuse(Ending ending) {
    refused_ = ending;
    return false;
}

void Transfer::start_clock() {
    if (setup_.limits.total)
        total_deadline_ = std::chrono::steady_clock::now() + *setup_.limits.total;
    set_deadline(Ending::connect_timeout, setup_.limits.connect);
}

void Transfer::set_deadline(Ending ending, std::optional<std::chrono::milliseconds> from_now) {
    phase_ending_ = ending;
    phase_deadline_.reset();
    if (from_now) phase_deadline_ = std::chrono::steady_clock::now() + *from_now;
    arm();
}

std::optional<SteadyTime> Transfer::next_deadline() const {
    if (!phase_deadline_) return total_deadline_;
    if (!total_deadline_) return phase_deadline_;
    return std::min(*phase_deadline_, *total_deadline_);
}

Ending Transfer::due_ending() const {
    const bool total =
        total_deadline_ && (!phase_deadline_ || *total_deadline_ <= *phase_deadline_);
    return total ? Ending::total_timeout : phase_ending_;
}

// The timer is moved only where it would ring too late: a byte that arrives costs a clock reading,
// not a system call.
void Transfer::arm() {
    const auto due = next_deadline();
    if (!due || ended_ || (armed_ && *armed_ <= *due)) return;
    armed_ = due;
    timer_.expires_at(*due);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self || self->ended_) return;
        self->armed_.reset();
        const auto now_due = self->next_deadline();
        if (!now_due) return;
        if (*now_due > std::chrono::steady_clock::now()) return self->arm();
        self->on_deadline(self->due_ending());
    });
}

void Transfer::end(Ending ending, CURLcode code) {
    if (ended_) return;
    ended_ = true;
    code_ = code;
    ending_ = refused_.value_or(ending);
    timer_.cancel();
}

Delivery Transfer::delivery() const {
    if (sends_ == 0) return Delivery::not_sent;
    const bool whole = ending_ == Ending::by_library && code_ == CURLE_OK && head_delivered_;
    return whole ? Delivery::answered : Delivery::unknown;
}

std::chrono::milliseconds Transfer::limit_of(Ending ending) const {
    const auto& limits = setup_.limits;
    switch (ending) {
        case Ending::connect_timeout:
            return limits.connect;
        case Ending::first_byte_timeout:
            return limits.first_byte.value_or(std::chrono::milliseconds(0));
        case Ending::idle_timeout:
            return limits.idle.value_or(std::chrono::milliseconds(0));
        case Ending::total_timeout:
            return limits.total.value_or(std::chrono::milliseconds(0));
        default:
            return {};
    }
}

StreamEnd Transfer::result() {
    if (thrown_) std::rethrow_exception(thrown_);
    StreamEnd end = {.delivery = delivery(), .resent_by_library = sends_ > 1};
    if (end.delivery == Delivery::answered) return end;
    auto ending = ending_;
    // libcurl keeps the connect time-out too, and shares it among a name's addresses.
    if (ending == Ending::by_library && code_ == CURLE_OPERATION_TIMEDOUT && sends_ == 0)
        ending = Ending::connect_timeout;
    const bool has_text = error_text_.front() != '\0';
    auto failure = describe_failure(
        {.ending = ending,
         .code = code_,
         .detail = has_text ? error_text_.data() : setup_.curl.easy_strerror(code_),
         .target = setup_.target,
         .proxied = !setup_.target.loopback && !setup_.route.proxy.empty(),
         .connected = sends_ > 0,
         .answer_begun = head_begun_,
         .trust_roots = setup_.route.roots.file + setup_.route.roots.directory,
         .limit = limit_of(ending),
         .bytes = setup_.limits.max_head});
    end.cancelled = failure.fault == Fault::stopped;
    end.fault = failure.fault;
    end.error = std::move(failure.error);
    return end;
}

}  // namespace handover::http
