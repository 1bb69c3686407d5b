# The libraries, each behind one name. All of them are Debian 12 packages; `./dev deps` installs them.

find_package(Threads REQUIRED)
# No config files: Debian's Boost 1.81 carries libraries for two versions side by side; the module finds the right one.
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(PkgConfig REQUIRED)
# Headers only: libcurl is opened at run time, by the commands that need it (docs/design).
find_package(CURL REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
# Opened at run time like libcurl, where it is installed (host/cli/qr_code.cpp).
find_path(QRENCODE_INCLUDE_DIR qrencode.h REQUIRED)
find_library(ELF_LIBRARY NAMES libelf.a elf REQUIRED)
find_library(Z_LIBRARY NAMES libz.a z REQUIRED)

add_library(handover_fmt INTERFACE)
find_library(FMT_ARCHIVE NAMES libfmt.a)
if(HANDOVER_STATIC AND FMT_ARCHIVE)
    target_link_libraries(handover_fmt INTERFACE ${FMT_ARCHIVE})
elseif(HANDOVER_STATIC)
    add_library(handover_fmt_archive STATIC ${CMAKE_CURRENT_LIST_DIR}/fmt_archive.cpp)
    target_link_libraries(handover_fmt INTERFACE handover_fmt_archive)
else()
    target_link_libraries(handover_fmt INTERFACE fmt::fmt)
endif()

add_library(handover_toml INTERFACE)
target_include_directories(handover_toml SYSTEM INTERFACE ${TOMLPLUSPLUS_INCLUDE_DIR})
target_compile_definitions(handover_toml INTERFACE TOML_EXCEPTIONS=0 TOML_HEADER_ONLY=1)

add_library(handover_json INTERFACE)
target_link_libraries(handover_json INTERFACE Boost::json)

add_library(handover_url INTERFACE)
target_link_libraries(handover_url INTERFACE Boost::url)

add_library(handover_cli11 INTERFACE)
target_include_directories(handover_cli11 SYSTEM INTERFACE ${CLI11_INCLUDE_DIR})

add_library(handover_elf INTERFACE)
target_link_libraries(handover_elf INTERFACE ${ELF_LIBRARY} ${Z_LIBRARY})

add_library(handover_asio INTERFACE)
target_link_libraries(handover_asio INTERFACE Boost::headers Threads::Threads)
# A request is some ten coroutines deep: so many frames a thread keeps for the next one (two by default). The others come from operator new, which
# aligns them as well as aligned_alloc and is much quicker.
target_compile_definitions(handover_asio INTERFACE BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=12 BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC=1)
if("thread" IN_LIST HANDOVER_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With the sanitizer's calls in between g++ inlines only one of the two functions that Asio allocates coroutines with, and takes
    # them for a mismatch.
    target_compile_options(handover_asio INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
endif()

add_library(handover_dll INTERFACE)
target_compile_definitions(handover_dll INTERFACE BOOST_DLL_USE_STD_FS)
target_link_libraries(handover_dll INTERFACE Boost::headers ${CMAKE_DL_LIBS})

# Types and constants of libcurl without linking it.
add_library(handover_curl_headers INTERFACE)
target_include_directories(handover_curl_headers SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
# The same of OpenSSL.
add_library(handover_openssl_headers INTERFACE)
target_include_directories(handover_openssl_headers SYSTEM INTERFACE ${OPENSSL_INCLUDE_DIR})
# SHA-256's block function alone, out of the archive (host/crypto).
find_library(CRYPTO_ARCHIVE NAMES libcrypto.a REQUIRED)
add_library(handover_sha256 INTERFACE)
target_include_directories(handover_sha256 SYSTEM INTERFACE ${OPENSSL_INCLUDE_DIR})
target_link_libraries(handover_sha256 INTERFACE ${CRYPTO_ARCHIVE})
