# Builds the example outside our tree with everything that drops unused sections, strips it, and looks for the manifest.
#   cmake -DSDK=sdk -DBUILD=folder -DCOMPILER=cc -DNM=nm -DSTRIP=strip -DOBJCOPY=objcopy -P survives.cmake
file(REMOVE_RECURSE ${BUILD})
set(flags "-O2 -flto -ffunction-sections -fdata-sections")
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SDK}/example -B ${BUILD} -G Ninja -DCMAKE_C_COMPILER=${COMPILER}
                        -DHANDOVER_SDK=${SDK} "-DCMAKE_C_FLAGS=${flags}"
                        "-DCMAKE_MODULE_LINKER_FLAGS=-flto -Wl,--gc-sections -s" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
set(plugin ${BUILD}/example/echo.so)
execute_process(COMMAND ${STRIP} --strip-all ${plugin} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${OBJCOPY} -O binary --only-section=.handover.manifest ${plugin} ${BUILD}/found.toml
                COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${BUILD}/found.toml ${SDK}/example/plugin.toml
                RESULT_VARIABLE different)
if(different)
    message(FATAL_ERROR "the manifest did not survive LTO, --gc-sections and strip")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -DNM=${NM} -DFILE=${plugin} -P ${CMAKE_CURRENT_LIST_DIR}/exports.cmake
                COMMAND_ERROR_IS_FATAL ANY)
