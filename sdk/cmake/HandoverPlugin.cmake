# Builds a Handover plugin: one shared object that carries its manifest and exports one symbol.
#
#   include(/path/to/handover/sdk/cmake/HandoverPlugin.cmake)
#   handover_add_plugin(NAME SOURCES file... MANIFEST plugin.toml [LINKS library...])
#
# makes the target NAME and the file plugins/NAME.so below the build folder (or in CMAKE_LIBRARY_OUTPUT_DIRECTORY). Sources may be
# C, C++ or both. What it sees to, and why:
#
# - exactly one exported symbol (version script, hidden visibility), so that two plugins never see each other's libraries;
# - no STB_GNU_UNIQUE symbols, which the dynamic loader would share between plugins and hosts;
# - all symbols bound at load and none left undefined: a missing one is found when the plugin is built or loaded, not in a request;
# - the manifest in a section of its own that survives strip, LTO and --gc-sections;
# - HANDOVER_STATIC: libstdc++ and libgcc inside, so that the file runs beside any C++ run-time library;
# - HANDOVER_SANITIZE ("address;undefined" or "thread"): the same sanitizers as the host it is loaded into.

function(_handover_embed_manifest out_source name manifest)
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    set(suffix cpp)
    if("C" IN_LIST languages)
        set(suffix c)  # keeps a plugin in plain C free of libstdc++
    endif()
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.manifest.${suffix})
    string(REPLACE "\\" "\\\\" quoted "${manifest}")
    string(REPLACE "\"" "\\\\\\\"" quoted "${quoted}")
    # "a": strip keeps what is loaded. "R" (SHF_GNU_RETAIN): --gc-sections keeps it though nothing refers to it.
    file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"/* Made by handover_add_plugin. */
__asm__(\".section .handover.manifest,\\\"aR\\\",%progbits\\n\"
        \".incbin \\\"${quoted}\\\"\\n\"
        \".previous\\n\");
")
    # Assembler text in an LTO object would be renamed and partitioned; the file holds nothing to optimise.
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-fno-lto;-w" OBJECT_DEPENDS ${manifest})
    set(${out_source} ${source} PARENT_SCOPE)
endfunction()

function(_handover_sanitize target)
    string(REPLACE ";" "," sanitizers "${HANDOVER_SANITIZE}")
    target_compile_options(${target} PRIVATE -fsanitize=${sanitizers} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${sanitizers})
    if("undefined" IN_LIST HANDOVER_SANITIZE)
        target_compile_options(${target} PRIVATE -fno-sanitize-recover=undefined)
    endif()
endfunction()

function(handover_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "MANIFEST" "SOURCES;LINKS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "handover_add_plugin(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_SOURCES OR NOT arg_MANIFEST)
        message(FATAL_ERROR "handover_add_plugin(${name}): SOURCES and MANIFEST are needed")
    endif()
    get_filename_component(manifest ${arg_MANIFEST} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    if(NOT EXISTS ${manifest})
        message(FATAL_ERROR "handover_add_plugin(${name}): there is no manifest ${manifest}")
    endif()
    _handover_embed_manifest(manifest_source ${name} ${manifest})

    set(sdk ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/..)
    set(version_script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/handover_plugin.version)
    add_library(${name} MODULE ${arg_SOURCES} ${manifest_source})
    target_include_directories(${name} PRIVATE ${sdk}/include)
    target_link_libraries(${name} PRIVATE ${arg_LINKS})
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if("CXX" IN_LIST languages)
        target_compile_features(${name} PRIVATE cxx_std_20)
    endif()
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
    target_link_options(${name} PRIVATE -Wl,-z,now -Wl,--version-script=${version_script})
    if(HANDOVER_SANITIZE)
        _handover_sanitize(${name})
    else()
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    if(HANDOVER_STATIC)
        target_link_options(${name} PRIVATE -static-libgcc $<$<LINK_LANGUAGE:CXX>:-static-libstdc++>)
    endif()
    set_target_properties(${name} PROPERTIES
        PREFIX ""
        SUFFIX ".so"
        POSITION_INDEPENDENT_CODE ON
        C_VISIBILITY_PRESET hidden
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS ${version_script})
    if(NOT CMAKE_LIBRARY_OUTPUT_DIRECTORY)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
    endif()
endfunction()
