#include "tls/session.hpp"

#include <algorithm>
#include <array>
#include <cstring>
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

    static int write(BIO* bio, const char* bytes, int size) {
        library().bio_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
        of(bio).out_->append(bytes, static_cast<std::size_t>(size));
        return size;
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

Session::Session(std::shared_ptr<const Identity> identity)
    : identity_(std::move(identity)),
      ssl_(identity_->library()),
      session_(ssl_.session_new(identity_->context())) {
    auto* const wire = session_ == nullptr ? nullptr : ssl_.bio_new(Wire::method());
    if (wire == nullptr) {
        ssl_.session_free(session_);
        throw std::bad_alloc();
    }
    ssl_.bio_set_data(wire, this);
    ssl_.bio_set_init(wire, 1);
    ssl_.set_bio(session_, wire, wire);  // which owns it now
    ssl_.set_accept_state(session_);
}

Session::~Session() {
    ssl_.session_free(session_);
}

bool Session::may_begin_with(std::string_view bytes) {
    constexpr char handshake = 22;  // RFC 8446 section 5.1, ContentType
    return !bytes.empty() && bytes.front() == handshake;
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
            failure_ = failure_text(ssl_);
            return {.got = Got::failure};
    }
}

bool Session::write(std::string_view plain) {
    return ssl_.write(session_, plain.data(), static_cast<int>(plain.size())) > 0;
}

bool Session::seal(std::span<const std::string_view> pieces, std::string& out) {
    if (!failure_.empty()) return false;
    out_ = &out;
    ssl_.clear_errors();
    std::array<char, longest_record> record;  // NOLINT: filled as far as it is used
    std::size_t filled = 0;
    const auto leave = [&] {
        return filled == 0 || write({record.data(), std::exchange(filled, 0)});
    };
    for (auto piece : pieces) {
        while (!piece.empty()) {
            // Whole records of one piece need no copy.
            const auto whole = filled == 0 ? piece.size() / longest_record * longest_record : 0;
            const auto taken = whole > 0 ? whole : std::min(piece.size(), longest_record - filled);
            if (whole > 0) {
                if (!write(piece.substr(0, whole))) return false;
            } else {
                std::memcpy(record.data() + filled, piece.data(), taken);
                filled += taken;
                if (filled == longest_record && !leave()) return false;
            }
            piece.remove_prefix(taken);
        }
    }
    return leave();
}

void Session::end(std::string& out) {
    if (!failure_.empty()) return;
    out_ = &out;
    ssl_.clear_errors();
    (void)ssl_.shutdown(session_);
    ssl_.clear_errors();
}

}  // namespace handover::tls
