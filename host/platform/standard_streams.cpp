#include "platform/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace handover::platform {

void open_missing_standard_streams() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        // The lowest free number is taken (open(2)): this one.
        if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", O_RDWR);
    }
}

}  // namespace handover::platform
