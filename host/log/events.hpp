// Events (log.hpp) without the rest of the log's chatter.
#pragma once

namespace handover::log {

// From here on events are written unless errors alone are: for a server, whose log they are. Set
// once, before the first thread starts.
void say_events();
bool says_events();

}  // namespace handover::log
