#include "gateway/request_parser.hpp"

#include <catch2/catch.hpp>

#include "transcript.hpp"

namespace handover::gateway {
namespace {

struct Case {
    const char* name;
    std::string bytes;
    std::string expected;
};

// Whole, byte by byte, in cuts of 2 to 7, and with another request behind it where it was taken.
void check(const Case& c, const ParserLimits& limits = {}) {
    DYNAMIC_SECTION(c.name) {
        CHECK(transcript(
                  c.bytes, [&] { return c.bytes.size(); }, 1000, limits) == c.expected);
        for (std::size_t cut = 1; cut < 8; ++cut)
            CHECK(transcript(
                      c.bytes, [&] { return cut; }, 1000, limits) == c.expected);
        const bool whole = c.expected.ends_with('\n');
        if (!whole) return;
        const auto twice = c.bytes + c.bytes;
        CHECK(transcript(
                  twice, [&] { return twice.size(); }, 1000, limits) == c.expected + c.expected);
    }
}

std::string get(const std::string& headers) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string post(const std::string& headers, const std::string& body) {
    return "POST /p HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}

std::string chunked(const std::string& chunks) {
    return post("Transfer-Encoding: chunked\r\n", chunks);
}

}  // namespace

TEST_CASE("requests that are taken") {
    const Case cases[] = {
        {"a bare GET", get(""), "GET / body=\n"},
        {"a query",
         "GET /v1/models?a=b?c HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET /v1/models?a=b?c body=\n"},
        {"headers keep their case and order",
         get("X-B: 1\r\nX-a:2\r\nX-C: \t 3 \t\r\nX-D:\r\n"),
         "GET /|X-B=1|X-a=2|X-C=3|X-D= body=\n"},
        {"bytes above ASCII in a value", get("X: \xC3\xA9\r\n"), "GET /|X=\xC3\xA9 body=\n"},
        {"an empty line before it", "\r\n" + get(""), "GET / body=\n"},
        {"a body with a length", post("Content-Length: 5\r\n", "hello"), "POST /p body=hello\n"},
        {"no body with a length", post("content-length: 0\r\n", ""), "POST /p body=\n"},
        {"the largest body",
         post("Content-Length: 1000\r\n", std::string(1000, 'x')),
         "POST /p body=" + std::string(1000, 'x') + "\n"},
        {"chunks",
         chunked("3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n"),
         "POST /p body=abc0123456789\n"},
        {"chunks with trailers",
         chunked("1\r\na\r\n000\r\nX: y\r\nZ: 1\r\n\r\n"),
         "POST /p body=a\n"},
        {"no chunks", chunked("0\r\n\r\n"), "POST /p body=\n"},
        {"CHUNKED", post("TRANSFER-ENCODING: CHUNKED\r\n", "0\r\n\r\n"), "POST /p body=\n"},
        {"what the front reads itself is taken out",
         get("Authorization: Bearer x\r\nX-API-Key: y\r\napi-key: z\r\nOrigin: o\r\nUpgrade: "
             "u\r\n"),
         "GET / body=\n"},
        {"hop-by-hop headers are taken out",
         get("Connection: keep-alive, X-Mine\r\nKeep-Alive: 5\r\nTE: trailers\r\nTrailer: X\r\n"
             "Proxy-Authorization: p\r\nProxy-Connection: q\r\nX-Mine: 1\r\nX-Other: 2\r\n"),
         "GET /|X-Other=2 body=\n"},
        {"close", get("Connection: close\r\n"), "GET / close body=\n"},
        {"close wins", get("Connection: close, keep-alive\r\n"), "GET / close body=\n"},
        {"HTTP/1.0 closes", "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 close body=\n"},
        {"HTTP/1.0 keeps alive when asked",
         "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
         "GET / 1.0 body=\n"},
        {"100-continue",
         post("Expect: 100-continue\r\nContent-Length: 1\r\n", "a"),
         "POST /p expects body=a\n"},
        {"the whole server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * body=\n"},
    };
    for (const auto& c : cases) check(c);
}

TEST_CASE("requests that two readers could understand differently are refused") {
    const Case cases[] = {
        {"both lengths",
         post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", ""),
         " refused 400"},
        {"both, the other way",
         post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", ""),
         " refused 400"},
        {"two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", ""), " refused 400"},
        {"the same length twice",
         post("Content-Length: 3\r\nContent-Length: 3\r\n", ""),
         " refused 400"},
        {"a list of lengths", post("Content-Length: 3, 3\r\n", ""), " refused 400"},
        {"a negative length", post("Content-Length: -1\r\n", ""), " refused 400"},
        {"a signed length", post("Content-Length: +1\r\n", ""), " refused 400"},
        {"an empty length", post("Content-Length:\r\n", ""), " refused 400"},
        {"a hexadecimal length", post("Content-Length: 0x10\r\n", ""), " refused 400"},
        {"a length beyond 64 bits",
         post("Content-Length: 18446744073709551616\r\n", ""),
         " refused 400"},
        {"two codings",
         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""),
         " refused 400"},
        {"a list of codings", post("Transfer-Encoding: gzip, chunked\r\n", ""), " refused 501"},
        {"an empty coding", post("Transfer-Encoding:\r\n", ""), " refused 400"},
        {"identity", post("Transfer-Encoding: identity\r\n", ""), " refused 501"},
        {"chunked in quotes", post("Transfer-Encoding: \"chunked\"\r\n", ""), " refused 501"},
        {"chunked in HTTP/1.0",
         "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
         " refused 400"},
        {"a space before the colon", get("Content-Length : 3\r\n"), " refused 400"},
        {"a folded header", get("X: a\r\n b\r\n"), " refused 400"},
        {"a header that begins with a tab", get("\tX: a\r\n"), " refused 400"},
        {"a header without a colon", get("X\r\n"), " refused 400"},
        {"a header without a name", get(": x\r\n"), " refused 400"},
        {"a name with a control character", get("X\x01: x\r\n"), " refused 400"},
        {"NUL in a value", get(std::string("X: a\0b\r\n", 8)), " refused 400"},
        {"CR in a value", get("X: a\rb\r\n"), " refused 400"},
        {"a bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", " refused 400"},
        {"a bare LF after a header", get("X: a\n"), " refused 400"},
        {"a bare LF as the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", " refused 400"},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", " refused 400"},
        {"two Hosts", get("Host: b\r\n"), " refused 400"},
        {"two keys", get("Authorization: a\r\nAuthorization: b\r\n"), " refused 400"},
        {"two origins", get("Origin: a\r\nOrigin: b\r\n"), " refused 400"},
        {"two empty lines before it", "\r\n\r\n" + get(""), " refused 400"},
        {"TLS", std::string("\x16\x03\x01\x02", 4), " refused 400"},
        {"a NUL", std::string("\0", 1), " refused 400"},
        {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", " refused 400"},
        {"a tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", " refused 400"},
        {"a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", " refused 400"},
        {"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", " refused 400"},
        {"bytes above ASCII in the target",
         "GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n",
         " refused 400"},
        {"a whole URL", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", " refused 400"},
        {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", " refused 400"},
        {"no version", "GET /\r\n\r\n", " refused 400"},
        {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\n", " refused 505"},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", " refused 505"},
        {"lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", " refused 400"},
        {"another expectation", get("Expect: 200-ok\r\n"), " refused 417"},
        {"Connection names no header", get("Connection: a b\r\n"), " refused 400"},
    };
    for (const auto& c : cases) check(c);
}

TEST_CASE("chunks are read strictly") {
    const auto taken = [](const std::string& end) { return "POST /p" + end; };
    const Case cases[] = {
        {"no digits", chunked("\r\n"), taken(" refused 400")},
        {"not hexadecimal", chunked("g\r\n"), taken(" refused 400")},
        {"0x", chunked("0x1\r\na\r\n"), taken(" refused 400")},
        {"a sign", chunked("+1\r\na\r\n"), taken(" refused 400")},
        {"a space before it", chunked(" 1\r\na\r\n"), taken(" refused 400")},
        {"a space behind it", chunked("1 \r\na\r\n"), taken(" refused 400")},
        {"too many digits", chunked("0000000000000001\r\na\r\n"), taken(" refused 400")},
        {"a bare LF behind the size", chunked("1\na\r\n"), taken(" refused 400")},
        {"a bare LF in an extension", chunked("1;a\nb\r\n"), taken(" refused 400")},
        {"a bare CR in an extension", chunked("1;a\rb\r\n"), taken(" refused 400")},
        {"more data than its size", chunked("1\r\nab\r\n"), taken(" refused 400")},
        {"a bare LF behind the data", chunked("1\r\na\n"), taken(" refused 400")},
        {"a bare LF as the end", chunked("0\r\n\n"), taken(" refused 400")},
        {"a bare LF behind a trailer", chunked("0\r\nX: y\n\r\n"), taken(" refused 400")},
        {"endless extensions", chunked("1;" + std::string(5000, 'x')), taken(" refused 400")},
        {"endless trailers", chunked("0\r\nX: " + std::string(5000, 'x')), taken(" refused 400")},
        {"more than allowed, before it comes", chunked("3e9\r\n"), taken(" refused 413")},
        {"more than allowed", chunked("3e9\r\na"), taken(" refused 413")},
        {"more than allowed in all",
         chunked("3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\na"),
         taken(" refused 413")},
        {"not over yet", chunked("1\r\na\r\n0\r\n"), taken(" unfinished")},
    };
    for (const auto& c : cases) check(c);
}

TEST_CASE("a request's limits") {
    const ParserLimits small = {.longest_head = 60,
                                .head = {.most_headers = 3, .longest_target = 10}};
    const Case cases[] = {
        {"a target as long as allowed",
         "GET /234567890 HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET /234567890 body=\n"},
        {"a longer one", "GET /2345678901 HTTP/1.1\r\nHost: a\r\n\r\n", " refused 414"},
        {"as many headers as allowed", get("a: 1\r\nb: 2\r\n"), "GET /|a=1|b=2 body=\n"},
        {"one more", get("a: 1\r\nb: 2\r\nc: 3\r\n"), " refused 431"},
        // 16 + 9 + 2 bytes without it
        {"a head as long as allowed",
         get("a: " + std::string(28, 'x') + "\r\n"),
         "GET /|a=" + std::string(28, 'x') + " body=\n"},
        {"a longer one by a byte", get("a: " + std::string(29, 'x') + "\r\n"), " refused 431"},
        {"a line without an end", "GET /" + std::string(100, 'x'), " refused 431"},
        {"half of a head", "GET / HTTP/1.1\r\nHost", " unfinished"},
    };
    for (const auto& c : cases) check(c, small);
    const Case large_body = {"a body that says it is too large",
                             post("Content-Length: 1001\r\n", ""),
                             "POST /p refused 413"};
    check(large_body);
}

}  // namespace handover::gateway
