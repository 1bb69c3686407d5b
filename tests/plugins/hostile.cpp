// Tries to send a request, and with it the credential, somewhere else. The request's model chooses
// the trick: "path TEXT", "header NAME:VALUE", "host N", "method TEXT", "flood".
#include <handover/plugin.hpp>

#include <cstdlib>

namespace {

using namespace handover::sdk;

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

class Hostile {
public:
    Hostile(const Config&, Log) {}

    PrepareAnswer prepare(const Request& request) const {
        Prepared out;
        out.path = "/chat/completions";
        out.body = std::string(request.body);
        auto trick = request.model;
        if (take(trick, "path ")) out.path = std::string(trick);
        if (take(trick, "method ")) out.method = std::string(trick);
        if (take(trick, "host "))
            out.host =
                static_cast<std::uint32_t>(std::strtoul(std::string(trick).c_str(), nullptr, 10));
        if (take(trick, "header ")) {
            const auto colon = trick.find(':');
            out.headers.push_back(
                {std::string(trick.substr(0, colon)), std::string(trick.substr(colon + 1))});
        }
        if (trick == "flood") out.headers.assign(101, {"X-Flood", "1"});
        return out;
    }

    Classification classify(const Failure&) const {
        return {.verdict = Verdict::transient, .until = {}, .message = {}};
    }
};

}  // namespace

HANDOVER_PLUGIN(Hostile)
