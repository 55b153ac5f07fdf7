# libheadroom.so: the functions of include/*.h, for other programs.  It takes from the archive what
# they need and exports nothing else; of libraries it needs those of C alone.
include(GNUInstallDirs)
file(STRINGS ${CMAKE_SOURCE_DIR}/include/headroom.h abi_version
  REGEX "^#define HEADROOM_ABI_VERSION [0-9]+$")
string(REGEX REPLACE ".* " "" abi_version "${abi_version}")

file(GLOB api_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/api/*.c)
if(HEADROOM_CUDA)
  list(FILTER api_sources EXCLUDE REGEX "_gpu_none\\.c$")
else()
  list(FILTER api_sources EXCLUDE REGEX "_gpu\\.c$")
endif()
add_library(headroom_api OBJECT ${api_sources})
add_dependencies(headroom_api build_info)
target_compile_definitions(headroom_api PRIVATE HAVE_CUDA=$<BOOL:${HEADROOM_CUDA}>)
target_sources(headroom_all PRIVATE $<TARGET_OBJECTS:headroom_api>) # for the unit tests

set(exports ${CMAKE_SOURCE_DIR}/src/api/exports.map)
add_library(libheadroom SHARED $<TARGET_OBJECTS:headroom_api>)
set_target_properties(libheadroom PROPERTIES OUTPUT_NAME headroom LINKER_LANGUAGE C
  VERSION ${abi_version} SOVERSION ${abi_version} LINK_DEPENDS ${exports})
target_link_libraries(libheadroom PRIVATE headroom_all)
target_link_options(libheadroom PRIVATE -Wl,--version-script=${exports} -Wl,-Bsymbolic)
if(NOT HEADROOM_SANITIZE) # a sanitizer's own functions come with the program
  target_link_options(libheadroom PRIVATE -Wl,-z,defs)
endif()

# Relative to where it lies itself, so that an unpacked bundle is right too.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" up "${up}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/headroom.pc.in ${CMAKE_BINARY_DIR}/headroom.pc @ONLY)
install(TARGETS libheadroom LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  COMPONENT library)
install(FILES ${CMAKE_SOURCE_DIR}/include/headroom.h ${CMAKE_SOURCE_DIR}/include/headroom_tmac.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)
install(FILES ${CMAKE_BINARY_DIR}/headroom.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT library)
