# One target per folder. A folder's CMakeLists.txt lists its sources by hand and names the folders it may use, so that an
# include in a wrong direction does not build.

add_library(handover_warnings INTERFACE)
target_compile_options(handover_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Werror)
# C has no virtual destructors to warn about.
set_property(TARGET handover_warnings PROPERTY INTERFACE_COMPILE_OPTIONS
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror "$<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>")

# A target with the property HANDOVER_NOT_INSTRUMENTED is linked with the sanitizers, not compiled with them.
add_library(handover_sanitizers INTERFACE)
function(handover_instrument)
    target_compile_options(handover_sanitizers INTERFACE "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:HANDOVER_NOT_INSTRUMENTED>>>:${ARGN}>")
endfunction()
if(HANDOVER_SANITIZE)
    string(REPLACE ";" "," sanitizers "${HANDOVER_SANITIZE}")
    handover_instrument(-fsanitize=${sanitizers} -fno-omit-frame-pointer)
    target_link_options(handover_sanitizers INTERFACE -fsanitize=${sanitizers})
    if("undefined" IN_LIST HANDOVER_SANITIZE)
        handover_instrument(-fno-sanitize-recover=undefined)
        if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
            # What it puts before a function cannot stand before the parts that clang 14 makes of a coroutine.
            handover_instrument(-fno-sanitize=function)
        endif()
    endif()
endif()
if("thread" IN_LIST HANDOVER_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio uses a fence that ThreadSanitizer does not model; g++ says so in every file that includes it.
    handover_instrument(-Wno-tsan)
endif()
if(HANDOVER_FUZZ)
    handover_instrument(-fsanitize=fuzzer-no-link)
endif()

# handover_module(NAME SOURCES ... [USES handover::x ...] [KEEPS lib ...])
#   USES: what its headers show; KEEPS: libraries that stay inside its .cpp files.
function(handover_module name)
    cmake_parse_arguments(arg "" "" "SOURCES;USES;KEEPS" ${ARGN})
    add_library(handover_${name} STATIC ${arg_SOURCES})
    add_library(handover::${name} ALIAS handover_${name})
    target_include_directories(handover_${name} PUBLIC ${CMAKE_SOURCE_DIR}/host)
    target_link_libraries(handover_${name} PUBLIC ${arg_USES} handover_sanitizers PRIVATE ${arg_KEEPS} handover_warnings)
endfunction()

# handover_not_optimised_for_tests(TARGET ...): compiling is most of a test run's time, and optimising is half of that. What no test waits for is
# compiled without where sanitizers are.
function(handover_not_optimised_for_tests)
    if(HANDOVER_SANITIZE)
        foreach(target IN LISTS ARGN)
            target_compile_options(${target} PRIVATE -O0)
        endforeach()
    endif()
endfunction()

# handover_test(NAME SOURCES ... USES handover::x ...): one Catch2 binary for a folder's tests, one ctest entry.
function(handover_test name)
    cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
    add_executable(${name}_test ${arg_SOURCES})
    target_link_libraries(${name}_test PRIVATE handover_test_main ${arg_USES} handover_warnings handover_sanitizers)
    # Most of a build is compiling tests. Optimising them takes twice the time and saves none, and instrumenting them takes as long again; what they
    # call is instrumented, and every allocation is watched. ThreadSanitizer alone must see both sides of a race.
    target_compile_options(${name}_test PRIVATE -O0)
    if(NOT "thread" IN_LIST HANDOVER_SANITIZE)
        set_target_properties(${name}_test PROPERTIES HANDOVER_NOT_INSTRUMENTED ON)
    endif()
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME unit.${name} COMMAND ${name}_test)
    set_tests_properties(unit.${name} PROPERTIES TIMEOUT 120)
endfunction()

# handover_fuzz_target(NAME SOURCES ... USES ...): LLVMFuzzerTestOneInput over a parser. With HANDOVER_FUZZ a libFuzzer program;
# otherwise a program that replays the seeds, which ctest runs.
function(handover_fuzz_target name)
    cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
    add_executable(fuzz_${name} ${arg_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE ${arg_USES} handover_warnings handover_sanitizers)
    set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    if(HANDOVER_FUZZ)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_link_libraries(fuzz_${name} PRIVATE handover_fuzz_replay)
        add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/seeds/${name})
        set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 60)
    endif()
endfunction()
