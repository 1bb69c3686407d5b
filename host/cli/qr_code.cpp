#include "cli/qr_code.hpp"

#include <qrencode.h>
#include <sys/ioctl.h>

#include <memory>

#include "log/log.hpp"
#include "platform/shared_library.hpp"

namespace handover::cli {
namespace {

// The standard asks for 4 modules of light around the code; cameras do with 2, and the terminal's
// 24 rows are few.
constexpr std::size_t quiet_zone = 2;
constexpr std::size_t rows_for_the_prompt = 2;
constexpr const char* black_on_white = "\x1b[30;107m";
constexpr const char* as_before = "\x1b[0m\n";

struct Library {
    decltype(&QRcode_encodeString8bit) encode = nullptr;
    decltype(&QRcode_free) free = nullptr;
};

std::optional<Library> open_library() {
    Library functions;
    platform::SharedLibrary library("libqrencode.so.4");
    library.find("QRcode_encodeString8bit", functions.encode);
    library.find("QRcode_free", functions.free);
    return library.problem().empty() ? std::optional(functions) : std::nullopt;
}

// Light beyond the edges.
class Picture {
public:
    explicit Picture(const Modules& modules) : modules_(modules) {}

    [[nodiscard]] std::size_t size() const { return modules_.width + 2 * quiet_zone; }
    [[nodiscard]] bool dark(std::size_t row, std::size_t column) const {
        const auto inside = [&](std::size_t at) {
            return at >= quiet_zone && at < quiet_zone + modules_.width;
        };
        if (!inside(row) || !inside(column)) return false;
        return modules_.dark[(row - quiet_zone) * modules_.width + (column - quiet_zone)];
    }
    [[nodiscard]] const char* pair(std::size_t row, std::size_t column) const {
        const bool lower = dark(row + 1, column);
        if (dark(row, column)) return lower ? "\u2588" : "\u2580";
        return lower ? "\u2584" : " ";
    }

private:
    const Modules& modules_;
};

}  // namespace

std::optional<Room> room_of(int fd) {
    winsize size = {};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return std::nullopt;
    return Room{.columns = size.ws_col, .rows = size.ws_row};
}

std::optional<std::string> draw(const Modules& modules, const Room& room) {
    const Picture picture(modules);
    const auto rows = (picture.size() + 1) / 2;
    if (picture.size() > room.columns || rows + rows_for_the_prompt > room.rows)
        return std::nullopt;
    std::string out;
    for (std::size_t row = 0; row < picture.size(); row += 2) {
        out += black_on_white;
        for (std::size_t column = 0; column < picture.size(); ++column)
            out += picture.pair(row, column);
        out += as_before;
    }
    return out;
}

std::optional<Modules> qr_modules(const std::string& text) {
    const auto library = open_library();
    if (!library) {
        log::info("auth", "libqrencode.so.4 is not installed: no QR code");
        return std::nullopt;
    }
    const std::unique_ptr<QRcode, decltype(library->free)> code(
        library->encode(text.c_str(), 0, QR_ECLEVEL_L), library->free);
    if (code == nullptr || code->width <= 0) return std::nullopt;
    Modules modules;
    modules.width = static_cast<std::size_t>(code->width);
    for (std::size_t at = 0; at < modules.width * modules.width; ++at)
        modules.dark.push_back((code->data[at] & 1U) != 0);
    return modules;
}

}  // namespace handover::cli
