// A QR code in a terminal: two modules to a character, black on white whatever the terminal's own
// colours.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace handover::cli {

struct Room {
    std::size_t columns = 0;
    std::size_t rows = 0;
};

// The size of the terminal at a descriptor; nothing if it is none, or does not say.
std::optional<Room> room_of(int fd);

// A square of modules, row by row; true is dark.
struct Modules {
    std::size_t width = 0;
    std::vector<bool> dark = {};
};

// Lines for the terminal, with a quiet zone around the code; nothing where that does not fit.
std::optional<std::string> draw(const Modules& modules, const Room& room);

// Encoded by libqrencode, which is opened here; nothing where it is not installed or `text` is too
// long.
std::optional<Modules> qr_modules(const std::string& text);

}  // namespace handover::cli
