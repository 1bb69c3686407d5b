# cmake -DNM=nm -DFILE=x.so -P exports.cmake: the file exports handover_plugin_v1 and nothing else.
execute_process(COMMAND ${NM} -D --defined-only ${FILE} OUTPUT_VARIABLE symbols RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "cannot read the symbols of ${FILE}")
endif()
string(STRIP "${symbols}" symbols)
if(NOT symbols MATCHES "^[0-9a-f]+ [TD] handover_plugin_v1$")
    message(FATAL_ERROR "${FILE} exports something else than handover_plugin_v1 alone:\n${symbols}")
endif()
