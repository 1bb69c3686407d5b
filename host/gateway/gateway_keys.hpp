// The gateway's own keys: what clients of `handover serve` show, in state/gateway-keys.json.
#pragma once

#include <handover/result.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "secret/secret.hpp"
#include "text/time.hpp"

namespace handover::gateway {

// Several are valid at once: a new one is handed out before the old one goes.
struct GatewayKey {
    std::string name = {};
    Secret key = {};  // begins hok_
    std::string created_at = {};
};

// "hok_" and 256 random bits.
Secret make_gateway_key();

// The file's text and back. STORE_CORRUPT names what is wrong, never a key.
Result<std::vector<GatewayKey>> parse_gateway_keys(std::string_view json);
std::string format_gateway_keys(const std::vector<GatewayKey>& keys);

// [A-Za-z0-9._-]{1,64}
bool is_key_name(std::string_view name);

// Whose key it is; nothing if nobody's. Every key is compared, each in constant time.
const GatewayKey* find_key(const std::vector<GatewayKey>& keys, std::string_view shown);

// The file, which must be the user's own and nobody else's to read (STORE_PERMISSIONS).
class GatewayKeyFile {
public:
    explicit GatewayKeyFile(std::filesystem::path state_folder);

    [[nodiscard]] std::filesystem::path path() const;
    Result<std::vector<GatewayKey>> read();
    // The same; a first key, named "default", is made where there is none.
    Result<std::vector<GatewayKey>> read_or_make(Time now);
    // A key of that name is replaced.
    Result<GatewayKey> add(const std::string& name, Time now);
    Result<void> remove(const std::string& name);

    // Changes whenever the file does; for one stat a second.
    [[nodiscard]] std::string version() const;

private:
    Result<void> write(const std::vector<GatewayKey>& keys);

    std::filesystem::path folder_;
};

}  // namespace handover::gateway
