#include "tls/session.hpp"

#include <strings.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "tls/ssl_library.hpp"

namespace handover::tls {

// A BIO whose other side is the session: no system call is made by OpenSSL.
struct Wire {
    static Session& of(BIO* bio) { return *static_cast<Session*>(library().bio_get_data(bio)); }

    static int read(BIO* bio, char* room, int size) {
        auto& incoming = of(bio).incoming_;
        library().bio_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
        if (incoming.empty()) {
            library().bio_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
            return -1;
        }
        const auto count = incoming.copy(room, static_cast<std::size_t>(size));
        incoming.remove_prefix(count);
        return static_cast<int>(count);
    }

    static int write(BIO* bio, const char* bytes, int size) noexcept {
        library().bio_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
        try {
            of(bio).out_->append(bytes, static_cast<std::size_t>(size));
            return size;
        } catch (...) {
            return -1;  // out of memory: the session fails
        }
    }

    static long control(BIO* /*bio*/, int command, long /*number*/, void* /*argument*/) {
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    // A session exists only where the library could be opened.
    static const SslLibrary& library() {
        static const auto* const opened = *ssl_library();
        return *opened;
    }

    static const BIO_METHOD* method() {
        static const BIO_METHOD* const made = [] {
            const auto& ssl = library();
            auto* const fresh =
                ssl.bio_method_new(ssl.bio_new_index() | BIO_TYPE_SOURCE_SINK, "handover");
            if (fresh == nullptr) throw std::bad_alloc();
            ssl.bio_method_set_read(fresh, read);
            ssl.bio_method_set_write(fresh, write);
            ssl.bio_method_set_ctrl(fresh, control);
            return fresh;
        }();
        return made;
    }
};

Session::Session(std::shared_ptr<const Context> context)
    : context_(std::move(context)),
      ssl_(context_->library()),
      session_(ssl_.session_new(context_->context())) {
    auto* const wire = session_ == nullptr ? nullptr : ssl_.bio_new(Wire::method());
    if (wire == nullptr) {
        ssl_.session_free(session_);
        throw std::bad_alloc();
    }
    ssl_.bio_set_data(wire, this);
    ssl_.bio_set_init(wire, 1);
    ssl_.set_bio(session_, wire, wire);  // which owns it now
}

Session::~Session() {
    ssl_.session_free(session_);
}

Session& Session::of(ssl_st* session) {
    return Wire::of(Wire::library().session_read_bio(session));
}

void Session::feed(std::string_view sealed) {
    incoming_ = sealed;
    begun_ = true;
}

Session::Opened Session::open(std::span<char> room, std::string& out) {
    if (!failure_.empty()) return {.got = Got::failure};
    out_ = &out;
    // Others use OpenSSL on this thread as well; what they left would be taken for our failure.
    ssl_.clear_errors();
    const int count = ssl_.read(session_, room.data(), static_cast<int>(room.size()));
    if (count > 0) return {.got = Got::bytes, .size = static_cast<std::size_t>(count)};
    switch (ssl_.get_error(session_, count)) {
        case SSL_ERROR_WANT_READ:
            return {};
        case SSL_ERROR_ZERO_RETURN:
            return {.got = Got::end};
        default:
            failure_ = describe_failure();
            return {.got = Got::failure};
    }
}

std::string Session::describe_failure() const {
    return failure_text(ssl_);
}

struct Session::Record {
    std::array<char, longest_record> bytes;  // NOLINT: filled as far as `size` says
    std::size_t size = 0;
};

bool Session::write(std::string_view plain) {
    return ssl_.write(session_, plain.data(), static_cast<int>(plain.size())) > 0;
}

// A request's credential stood in there.
bool Session::leave(Record& record) {
    const std::string_view plain(record.bytes.data(), std::exchange(record.size, 0));
    const bool written = plain.empty() || write(plain);
    ::explicit_bzero(record.bytes.data(), plain.size());
    return written;
}

// Into the record that is being filled; whole records of one piece need no copy.
bool Session::gather(std::string_view piece, Record& record) {
    if (const auto whole = piece.size() / longest_record * longest_record;
        record.size == 0 && whole > 0) {
        if (!write(piece.substr(0, whole))) return false;
        piece.remove_prefix(whole);
    }
    while (!piece.empty()) {
        const auto taken =
            piece.copy(record.bytes.data() + record.size, longest_record - record.size);
        record.size += taken;
        piece.remove_prefix(taken);
        if (record.size == longest_record && !leave(record)) return false;
    }
    return true;
}

bool Session::seal(std::span<const std::string_view> pieces, std::string& out) {
    if (!failure_.empty()) return false;
    out_ = &out;
    ssl_.clear_errors();
    Record record;
    return std::all_of(pieces.begin(),
                       pieces.end(),
                       [&](std::string_view piece) { return gather(piece, record); }) &&
           leave(record);
}

void Session::end(std::string& out) {
    if (!failure_.empty()) return;
    incoming_ = {};
    out_ = &out;
    ssl_.clear_errors();
    (void)ssl_.shutdown(session_);
    ssl_.clear_errors();
}

}  // namespace handover::tls
