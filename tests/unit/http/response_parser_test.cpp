#include "http/response_parser.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "answer_transcript.hpp"

using handover::http::ResponseParser;
using handover::test::read_answer;
using handover::test::Transcript;
using namespace std::string_literals;

namespace {

Transcript whole(const std::string& bytes, bool to_head_request = false) {
    return read_answer(
        bytes, [&] { return bytes.size(); }, to_head_request);
}

struct Case {
    const char* name;
    std::string bytes;
    std::string head;
    std::string body;
    std::string end;  // how it ends when the connection closes after the bytes
};

// Each is the whole answer: what is appended does not belong to it.
const Case complete[] = {
    {"a length",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
     "200 Content-Length=5",
     "hello",
     "end, keeps alive"},
    {"no body at all",
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
     "200 Content-Length=0",
     "",
     "end, keeps alive"},
    {"no reason",
     "HTTP/1.1 429\r\ncontent-length:0\r\n\r\n",
     "429 content-length=0",
     "",
     "end, keeps alive"},
    {"an empty reason", "HTTP/1.1 204 \r\n\r\n", "204", "", "end, keeps alive"},
    {"204 never has a body",
     "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
     "204 Content-Length=5",
     "",
     "end, keeps alive"},
    {"304 tells a length without a body",
     "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
     "304 Content-Length=5",
     "",
     "end, keeps alive"},
    {"chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1\r\n "
     "\r\n0005\r\nworld\r\n0"
     "\r\n\r\n",
     "200 Transfer-Encoding=Chunked",
     "hello world",
     "end, keeps alive"},
    {"chunk extensions and trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA "
     ";n=\"v\"\r\n0123456789\r\n0;x\r\nX-Sum: "
     "1\r\nX-Two: 2\r\n\r\n",
     "200 Transfer-Encoding=chunked",
     "0123456789",
     "end, keeps alive"},
    {"the same length twice",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2, 2\r\n\r\nok",
     "200 Content-Length=2 Content-Length=2, 2",
     "ok",
     "end, keeps alive"},
    {"the server closes",
     "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 2\r\n\r\nok",
     "200 Connection=foo, Close Content-Length=2",
     "ok",
     "end"},
    {"HTTP/1.0 closes",
     "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
     "200 Content-Length=2",
     "ok",
     "end"},
    {"HTTP/1.0 that keeps alive",
     "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
     "200 Connection=keep-alive Content-Length=2",
     "ok",
     "end, keeps alive"},
    {"interim answers are skipped",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
     "OK\r\nContent-Length: 1\r\n\r\n!",
     "200 Content-Length=1",
     "!",
     "end, keeps alive"},
    {"values are trimmed, and kept otherwise",
     "HTTP/1.1 200 OK\r\nX-A: \t a:b, c \t\r\nX-B:\r\nX-\xC3\xA4sc: 1\r\n\r\n",
     "",
     "",
     "a line of its head is no header"},
    {"odd but unambiguous values",
     "HTTP/1.1 200 OK\r\nX-A: \t a:b, c \t\r\nX-B:\r\nX-C: \xFF\x01\r\nContent-Length: 0\r\n\r\n",
     "200 X-A=a:b, c X-B= X-C=\xFF\x01 Content-Length=0",
     "",
     "end, keeps alive"},
    {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "", "", "what came is not an HTTP/1.1 answer"},
    {"HTTP/2 in clear", "HTTP/2.0 200 OK\r\n\r\n", "", "", "what came is not an HTTP/1.1 answer"},
    {"a status of two digits",
     "HTTP/1.1 20 OK\r\n\r\n",
     "",
     "",
     "what came is not an HTTP/1.1 answer"},
    {"a status of four digits",
     "HTTP/1.1 2000 OK\r\n\r\n",
     "",
     "",
     "what came is not an HTTP/1.1 answer"},
    {"a status below 100",
     "HTTP/1.1 099 OK\r\n\r\n",
     "",
     "",
     "what came is not an HTTP/1.1 answer"},
    {"an empty line first",
     "\r\nHTTP/1.1 200 OK\r\n\r\n",
     "",
     "",
     "what came is not an HTTP/1.1 answer"},
    {"a protocol nobody asked for",
     "HTTP/1.1 101 Switching Protocols\r\n\r\n",
     "",
     "",
     "it switches to a protocol that nobody asked for"},
    {"two lengths",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
     "",
     "",
     "it has two different lengths"},
    {"two lengths in one",
     "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n",
     "",
     "",
     "it has two different lengths"},
    {"length and encoding",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
     "",
     "",
     "it has a length and a transfer encoding"},
    {"encoding and length",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
     "",
     "",
     "it has a length and a transfer encoding"},
    {"compressed in transfer",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
     "",
     "",
     "its transfer encoding is not plain chunked"},
    {"chunked twice",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     "",
     "",
     "its transfer encoding is not plain chunked"},
    {"chunks in HTTP/1.0",
     "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "",
     "",
     "its transfer encoding is not plain chunked"},
    {"a folded line",
     "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
     "",
     "",
     "a line of its head is no header"},
    {"a blank before the colon",
     "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n",
     "",
     "",
     "a line of its head is no header"},
    {"no name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "", "", "a line of its head is no header"},
    {"no colon", "HTTP/1.1 200 OK\r\nX\r\n\r\n", "", "", "a line of its head is no header"},
    {"a bare line feed after the status",
     "HTTP/1.1 200 OK\nX: y\r\n\r\n",
     "",
     "",
     "a line ends without a carriage return"},
    {"a bare line feed in the head",
     "HTTP/1.1 200 OK\r\nX: y\nContent-Length: 2\r\n\r\n",
     "",
     "",
     "a line ends without a carriage return"},
    {"a bare line feed alone",
     "HTTP/1.1 200 OK\r\n\n",
     "",
     "",
     "a line ends without a carriage return"},
    {"a bare carriage return",
     "HTTP/1.1 200 OK\r\nX: y\rz\r\n\r\n",
     "",
     "",
     "a header's value holds a control character"},
    {"a NUL",
     "HTTP/1.1 200 OK\r\nX: y\0z\r\n\r\n"s,
     "",
     "",
     "a header's value holds a control character"},
    {"no chunk size",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
     "200 Transfer-Encoding=chunked",
     "",
     "a chunk's size is not a number"},
    {"a chunk size with a sign",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\n",
     "200 Transfer-Encoding=chunked",
     "",
     "a chunk's size is not a number"},
    {"a chunk size with a prefix",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n",
     "200 Transfer-Encoding=chunked",
     "",
     "a chunk's size is not a number"},
    {"a chunk size beyond 63 bits",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\n",
     "200 Transfer-Encoding=chunked",
     "",
     "a chunk's size is not a number"},
    {"a bare line feed after a chunk's size",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na",
     "200 Transfer-Encoding=chunked",
     "",
     "a line ends without a carriage return"},
    {"a chunk that goes on",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
     "200 Transfer-Encoding=chunked",
     "a",
     "a chunk is longer than it said"},
};

std::string length_header(const std::string& value) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + value + "\r\n\r\n";
}

}  // namespace

TEST_CASE("answers are read alike however they are cut") {
    std::minstd_rand random(7);
    for (const auto& c : complete) {
        DYNAMIC_SECTION(c.name) {
            const auto read = whole(c.bytes);
            CHECK(read.head == c.head);
            CHECK(read.body == c.body);
            CHECK(read.end == c.end);
            CHECK(read == read_answer(c.bytes, [] { return std::size_t{1}; }));
            for (int round = 0; round < 50; ++round) {
                CHECK(read == read_answer(c.bytes, [&] { return std::size_t{1} + random() % 20; }));
            }
            const auto with_more = whole(c.bytes + "HTTP/1.1 500 No\r\n\r\n");
            CHECK(with_more == read);  // also where it ended
        }
    }
}

TEST_CASE("an answer without a length goes on until the connection closes") {
    const auto read = whole("HTTP/1.1 200 OK\r\nX: y\r\n\r\nanything\r\n\r\nat all");
    CHECK(read.body == "anything\r\n\r\nat all");
    CHECK(read.end == "end by close");
    CHECK(whole("HTTP/1.1 200 OK\r\n\r\n").end == "end by close");
}

TEST_CASE("to a HEAD request no body follows") {
    const auto read = whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true);
    CHECK(read.head == "200 Content-Length=5");
    CHECK(read.body.empty());
    CHECK(read.end == "end, keeps alive");
    CHECK(whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true).end ==
          "end, keeps alive");
    CHECK(whole("HTTP/1.1 200 OK\r\n\r\n", true).end == "end, keeps alive");
}

TEST_CASE("an answer that was cut off is not complete") {
    for (const auto& c : complete) {
        if (!c.end.starts_with("end")) continue;
        for (std::size_t size = 0; size < c.bytes.size(); ++size) {
            INFO(c.name << ", cut after " << size);
            CHECK(whole(c.bytes.substr(0, size)).end == "the connection was closed before the end");
        }
    }
}

TEST_CASE("lengths are numbers up to 63 bits") {
    for (const auto* good : {"0", "00012", " 7 ", "9223372036854775807"}) {
        CHECK(whole(length_header(good)).head.starts_with("200"));
    }
    for (const auto* bad :
         {"", "-1", "+1", "0x10", "1 2", "1,", ",1", "9223372036854775808", "1e3"}) {
        INFO(bad);
        CHECK(whole(length_header(bad)).end == "its Content-Length is not a number");
    }
}

TEST_CASE("a head has a limit, exactly") {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: 1\r\n\r\n";
    for (const auto cut : {head.size(), std::size_t{1}}) {
        for (const std::size_t less : {0, 1}) {
            ResponseParser parser(head.size() - less);
            parser.begin(false);
            Transcript read;
            for (std::size_t at = 0; at < head.size(); at += cut) {
                if (handover::test::take_piece(parser, head.substr(at, cut), read)) break;
            }
            CHECK(read.end == (less == 0 ? "end, keeps alive" : "its head is too long"));
            CHECK(parser.head_too_long() == (less == 1));
        }
    }
    SECTION("interim answers and trailers count") {
        ResponseParser parser(1000);
        parser.begin(false);
        Transcript read;
        const std::string interim = "HTTP/1.1 102 Processing\r\n\r\n";
        int taken = 0;
        while (!handover::test::take_piece(parser, interim, read)) REQUIRE(++taken < 1000);
        CHECK(parser.head_too_long());
    }
    SECTION("so has a chunk's size line") {
        const std::string begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        CHECK(whole(begin + "1;" + std::string(4092, 'x') + "\r\na\r\n0\r\n\r\n").body == "a");
        CHECK(whole(begin + "1;" + std::string(4093, 'x') + "\r\na\r\n0\r\n\r\n").end ==
              "a chunk's size line is too long");
    }
}

TEST_CASE("one parser reads one answer after another") {
    ResponseParser parser;
    for (const auto& c : complete) {
        INFO(c.name);
        parser.begin(false);
        Transcript read;
        handover::test::take_piece(parser, c.bytes, read);
        CHECK(read.head == c.head);
        CHECK(read.body == c.body);
        CHECK(read.end == c.end);
    }
}
