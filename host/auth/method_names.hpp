// The words of manifests, configs and JSON for the values of a Method.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "auth/method.hpp"

namespace handover::auth {

template <typename E, std::size_t N>
using NameTable = std::array<std::pair<std::string_view, E>, N>;

inline constexpr NameTable<Kind, 3> kinds = {
    {{"oauth2", Kind::oauth2}, {"api_key", Kind::api_key}, {"none", Kind::none}}};
inline constexpr NameTable<Billing, 3> billings = {{{"subscription", Billing::subscription},
                                                    {"metered", Billing::metered},
                                                    {"local", Billing::local}}};
inline constexpr NameTable<Discovery, 3> discoveries = {
    {{"first", Discovery::first}, {"fallback", Discovery::fallback}, {"never", Discovery::never}}};
inline constexpr NameTable<BodyEncoding, 2> encodings = {
    {{"form", BodyEncoding::form}, {"json", BodyEncoding::json}}};
inline constexpr NameTable<Nonce, 3> nonces = {
    {{"require", Nonce::require}, {"if_present", Nonce::if_present}, {"none", Nonce::none}}};
inline constexpr NameTable<DeviceFlow, 2> device_flows = {
    {{"rfc8628", DeviceFlow::rfc8628}, {"codex", DeviceFlow::codex}}};
inline constexpr NameTable<ClaimsFrom, 2> claim_sources = {
    {{"id_token", ClaimsFrom::id_token}, {"access_token", ClaimsFrom::access_token}}};

// Every value has its name in its table.
template <typename E, std::size_t N>
constexpr std::string_view name_of(E value, const NameTable<E, N>& names) {
    return std::find_if(
               names.begin(), names.end(), [&](const auto& known) { return known.second == value; })
        ->first;
}

}  // namespace handover::auth
