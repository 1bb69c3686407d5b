# Builds the plugin of sdk/README.md exactly as it is printed there.
#   cmake -DSDK=sdk -DBUILD=folder -DCOMPILER=c++ -DNM=nm -P readme.cmake
file(READ ${SDK}/README.md readme)

# The first fenced block of that language.
function(write_block language out)
    string(FIND "${readme}" "```${language}\n" start)
    if(start EQUAL -1)
        message(FATAL_ERROR "sdk/README.md has no ${language} block")
    endif()
    string(SUBSTRING "${readme}" ${start} -1 rest)
    string(FIND "${rest}" "\n" line_end)
    math(EXPR line_end "${line_end} + 1")
    string(SUBSTRING "${rest}" ${line_end} -1 rest)
    string(FIND "${rest}" "```" end)
    string(SUBSTRING "${rest}" 0 ${end} block)
    string(REPLACE "/path/to/handover/sdk" "${SDK}" block "${block}")
    file(WRITE ${out} "${block}")
endfunction()

file(REMOVE_RECURSE ${BUILD})
write_block(toml ${BUILD}/source/plugin.toml)
write_block(cpp ${BUILD}/source/acme.cpp)
write_block(cmake ${BUILD}/source/CMakeLists.txt)
execute_process(COMMAND ${CMAKE_COMMAND} -S ${BUILD}/source -B ${BUILD}/build -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER}
                        -DCMAKE_BUILD_TYPE=Release -DHANDOVER_STATIC=ON COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD}/build COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND ${CMAKE_COMMAND} -DNM=${NM} -DFILE=${BUILD}/build/plugins/acme.so -P ${CMAKE_CURRENT_LIST_DIR}/exports.cmake
                COMMAND_ERROR_IS_FATAL ANY)
