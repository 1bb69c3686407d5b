#include "auth/login/pasted_line.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "platform/files.hpp"

using namespace handover;
using namespace handover::auth::login;
using platform::Descriptor;

namespace {

using Lines = std::vector<std::string>;

Lines fed(LineAssembler::Input input, std::string_view bytes) {
    LineAssembler lines(input);
    auto whole = lines.feed(bytes);
    LineAssembler again(input);
    Lines by_byte;
    for (const char c : bytes) {
        for (auto& line : again.feed(std::string_view(&c, 1))) by_byte.push_back(std::move(line));
    }
    CHECK(by_byte == whole);
    return whole;
}

constexpr auto terminal = LineAssembler::Input::terminal;
constexpr auto pipe_input = LineAssembler::Input::pipe;

struct Pty {
    Descriptor master{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    Descriptor slave = {};
    Pty() {
        REQUIRE(grantpt(master.get()) == 0);
        REQUIRE(unlockpt(master.get()) == 0);
        char name[64] = {};
        REQUIRE(ptsname_r(master.get(), name, sizeof(name)) == 0);
        slave = Descriptor(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
        REQUIRE(slave.valid());
    }
    [[nodiscard]] termios settings() const {
        termios now = {};
        REQUIRE(tcgetattr(slave.get(), &now) == 0);
        return now;
    }
};

Lines read_line(PasteReader& reader) {
    Lines lines;
    while (lines.empty() && reader.fd() >= 0) {
        pollfd entry = {reader.fd(), POLLIN, 0};
        REQUIRE(poll(&entry, 1, 30'000) == 1);
        lines = reader.read_ready();
    }
    return lines;
}

}  // namespace

TEST_CASE("pasted lines: put together, edited, without escape sequences") {
    CHECK(fed(terminal, "abc\r") == Lines{"abc"});
    CHECK(fed(terminal, "abc\ndef\r\nghi") == Lines{"abc", "def"});
    CHECK(fed(terminal, "\x1b[200~http://x\x1b[201~\n") == Lines{"http://x"});
    CHECK(fed(terminal, "a\x1b[Ab\x1bOc\n") == Lines{"abc"});
    CHECK(fed(terminal,
              "abx\x7f"
              "c\x08"
              "d\n") == Lines{"abd"});
    CHECK(fed(terminal,
              "\x7f"
              "a\n") == Lines{"a"});
    CHECK(fed(terminal, "wrong\x15right\n") == Lines{"right"});
    CHECK(fed(terminal, "\n\r\n").empty());
    CHECK(fed(pipe_input, "a\tb\nc") == Lines{"ab"});
    const std::string longest(64U << 10U, 'x');
    CHECK(fed(pipe_input, longest + "\nok\n") == Lines{longest, "ok"});
    CHECK(fed(pipe_input, longest + "x\nok\n") == Lines{"ok"});
}

TEST_CASE("pasted lines: a pipe's last line needs no line end, and its end stops the reading") {
    int ends[2] = {};
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    PasteReader reader(reading.get());
    CHECK_FALSE(reader.is_terminal());
    REQUIRE(platform::write_all(writing.get(), "first\nlast"));
    CHECK(read_line(reader) == Lines{"first"});
    writing.reset();
    CHECK(read_line(reader) == Lines{"last"});
    CHECK(reader.fd() == -1);
    CHECK(PasteReader(-1).fd() == -1);
}

TEST_CASE(
    "pasted lines: on a terminal without echo, longer than a terminal line, settings put back") {
    Pty pty;
    // Of this pty nobody is the foreground; a session of our own would be, so the child below makes
    // one.
    const auto before = pty.settings();
    const auto child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        (void)setsid();
        char name[64] = {};
        (void)ptsname_r(pty.master.get(), name, sizeof(name));
        const int own = open(name, O_RDWR);  // becomes the controlling terminal
        int status = 1;
        {
            PasteReader reader(own);
            termios during = {};
            (void)tcgetattr(own, &during);
            const bool quiet = (during.c_lflag & static_cast<tcflag_t>(ECHO | ICANON)) == 0;
            (void)!write(own, "go", 2);
            std::vector<std::string> lines;
            while (lines.empty() && reader.fd() >= 0) lines = reader.read_ready();
            const bool whole = lines.size() == 1 && lines.front() == std::string(20'000, 'u');
            status = quiet && whole && reader.is_terminal() ? 0 : 2;
        }
        termios after = {};
        (void)tcgetattr(own, &after);
        if (after.c_lflag != before.c_lflag) status = 3;
        _exit(status);
    }
    char ready[2] = {};
    REQUIRE(read(pty.master.get(), ready, sizeof(ready)) == 2);
    REQUIRE(platform::write_all(pty.master.get(), std::string(20'000, 'u') + "\r"));
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(pty.settings().c_lflag == before.c_lflag);
}

TEST_CASE("pasted lines: a terminal of which we are not the foreground is left alone") {
    const Pty pty;
    const auto before = pty.settings();
    const PasteReader reader(pty.slave.get());
    CHECK(reader.fd() == -1);
    CHECK(pty.settings().c_lflag == before.c_lflag);
}
