// What a connection does with a request once its head is there; connection.cpp has the bytes.
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "gateway/connection.hpp"
#include "gateway/request_report.hpp"
#include "log/log.hpp"

namespace handover::gateway {
namespace {

namespace asio = boost::asio;

// Nobody is told, but the log and the counters need a name for it; nginx has this one.
constexpr int client_left = 499;

std::string text_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
        return exception.what();
    } catch (...) {
        return "an exception of an unknown type";
    }
}

}  // namespace

// The head is there: who is it, may they, and is the body worth reading?
void Connection::judge() {
    begin_answer();
    const auto& head = parser_.head();
    auto admission = admit(head, front_->rules, entrance_);
    AnswerTo to{.request_id = request_.request_id,
                .head_only = head.method == "HEAD",
                .http_1_0 = head.http_1_0,
                .keep_alive = head.keep_alive && !loop_.draining()};
    if (!admission.allowed_origin.empty())
        to.extra = cors_headers(admission.allowed_origin, admission.preflight);
    answer_.begin(std::move(to));
    request_.key_name = std::move(admission.key_name);
    last_ = !head.keep_alive;
    if (admission.refused) {
        last_ = last_ || head.framing != Framing::none || !head.upgrade.empty();
        return refuse(*admission.refused);
    }
    if (admission.preflight) {
        last_ = last_ || head.framing != Framing::none;
        return answer_locally(204, {});
    }
    parser_.take_body(front_->max_body);
    if (parser_.state() == RequestParser::State::body && head.expects_continue) {
        const std::array go_on = {std::string_view("HTTP/1.1 100 Continue\r\n\r\n")};
        outlet_.send(go_on);
    }
}

// A request begins: its id, and what it is judged by to its end.
void Connection::begin_answer() {
    if (!request_.request_id.empty()) return;  // refused in its body
    first_ = false;
    front_ = loop_.front();
    request_.request_id = loop_.request_id();
    request_.received = std::chrono::steady_clock::now();
    if (parser_.state() == RequestParser::State::refused)
        answer_.begin({.request_id = request_.request_id, .keep_alive = false});
    if (parser_.state() != RequestParser::State::judge) return;
    request_.method = parser_.head().method;
    request_.path = parser_.head().path;
    request_.query = parser_.head().query;
}

// The request is whole.
void Connection::answer() {
    const auto routes = loop_.routes();
    const auto match = routes->find(request_.method, request_.path);
    if (match.answer == nullptr && !match.allowed.empty()) {
        const http::Header allow = {"Allow", match.allowed + ", OPTIONS"};
        if (request_.method == "OPTIONS") return answer_locally(204, {allow});
        return refuse({.status = 405,
                       .message = "this path does not take " + std::string(request_.method),
                       .code = "method_not_allowed",
                       .headers = {allow}});
    }
    if (match.answer == nullptr) {
        return refuse({.status = 404,
                       .message = "there is nothing at this path; the base URL of this gateway "
                                  "ends in /v1",
                       .code = "unknown_url"});
    }
    state_ = State::answering;
    deadline_.reset();
    request_.headers.assign(parser_.head().headers.begin(), parser_.head().headers.end());
    request_.body = std::move(parser_.body());
    request_.received = std::chrono::steady_clock::now();
    client_gone_.emplace();
    request_.client_gone = client_gone_->get_token();
    request_.loop = &loop_.io();
    request_.loop_index = loop_.index();
    request_.metrics = &loop_.metrics();
    ++loop_.metrics().in_flight;
    asio::co_spawn(loop_.io(),
                   (*match.answer)(request_, answer_),
                   [self = shared_from_this(), routes](const std::exception_ptr& thrown) {
                       self->answered(thrown);
                   });
}

void Connection::answer_locally(int status, const std::vector<http::Header>& headers) {
    state_ = State::answering;
    deadline_.reset();
    if (last_) answer_.close_after();
    answer_.whole(status, headers, {});
    end_answer();
}

void Connection::refuse(const ApiError& error) {
    state_ = State::answering;
    deadline_.reset();
    if (last_) answer_.close_after();
    request_.notes.error = error.code;
    loop_.metrics().refused();
    answer_error(answer_, error, request_.request_id);
    end_answer();
}

// Before the request is whole.
void Connection::refuse_unread(const ApiError& error) {
    begin_answer();
    if (parser_.state() == RequestParser::State::head)
        answer_.begin({.request_id = request_.request_id, .keep_alive = false});
    last_ = true;
    refuse(error);
}

// Whoever answers has returned.
void Connection::answered(const std::exception_ptr& thrown) {
    --loop_.metrics().in_flight;
    if (thrown)
        log::write(log::Level::error, "serve", request_.request_id + ": " + text_of(thrown));
    const bool left = client_gone_ && client_gone_->stop_requested();
    if (!answer_.finished() && (left || answer_.head_sent())) {
        answer_.abort();
    } else if (!answer_.finished()) {
        request_.notes.error = "internal_error";
        answer_error(answer_,
                     {.status = 500,
                      .message = "the gateway failed to answer this request",
                      .type = "server_error",
                      .code = "internal_error"},
                     request_.request_id);
    }
    end_answer();
}

void Connection::end_answer() {
    answer_done_ = true;
    report_request(request_,
                   {.status = answer_.status() != 0 ? answer_.status() : client_left,
                    .body_bytes = answer_.body_bytes(),
                    .complete = !answer_.incomplete(),
                    .first_byte = answer_.first_byte(),
                    .ended = std::chrono::steady_clock::now()},
                   loop_.metrics());
    settle();
}

// Goes on once an answer has been given and its bytes are out.
void Connection::settle() {
    if (state_ != State::answering || !answer_done_) return;
    if (outlet_.broken()) return close();
    if (outlet_.kept() > 0) return;
    if (peer_ended_ && ahead_.empty()) return close();
    if (last_ || answer_.closes() || loop_.draining()) return linger();
    next_request();
}

void Connection::next_request() {
    state_ = State::reading;
    answer_done_ = false;
    client_gone_.reset();
    head_deadline_ = false;
    body_deadline_ = false;
    auto headers = std::move(request_.headers);  // for its memory
    headers.clear();
    request_ = ClientRequest{.headers = std::move(headers)};
    parser_.reset();
    set_read_deadline(std::chrono::steady_clock::now());
    if (ahead_.empty()) return read();
    // Not from here: a hundred requests in one piece would be a hundred calls deep.
    asio::post(loop_.io(), [self = shared_from_this()] {
        if (self->state_ != State::reading) return;
        const auto bytes = std::exchange(self->ahead_, {});
        self->consume(bytes);
        if (self->peer_ended_ && self->state_ == State::reading) return self->close();
        self->read();
    });
}

}  // namespace handover::gateway
