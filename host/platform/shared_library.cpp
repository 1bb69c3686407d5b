#include "platform/shared_library.hpp"

#include <dlfcn.h>

namespace handover::platform {
namespace {

std::string loader_message() {
    const char* const text = dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return text == nullptr ? "unknown" : text;
}

}  // namespace

SharedLibrary::SharedLibrary(const char* name) : handle_(dlopen(name, RTLD_LAZY | RTLD_LOCAL)) {
    if (handle_ == nullptr) problem_ = loader_message();
}

void* SharedLibrary::look_up(const char* name) {
    if (!problem_.empty()) return nullptr;
    void* const found = dlsym(handle_, name);
    if (found == nullptr) problem_ = loader_message();
    return found;
}

}  // namespace handover::platform
