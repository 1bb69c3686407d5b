// What a failed answer of an OpenAI-shaped service means: by its code, then its type, then the
// status.
#pragma once

#include <handover/plugin.hpp>

#include "failures/error_body.hpp"

namespace handover::failures {

sdk::Verdict judge(std::uint32_t status, const ErrorBody& error);

// The whole classification, for a service without rules of its own.
sdk::Classification classify(const sdk::Failure& failure, const ErrorBody& error);

// The service's words, or ours where it sent a page or nothing.
std::string message_for(std::uint32_t status, const ErrorBody& error);

}  // namespace handover::failures
