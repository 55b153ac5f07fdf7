# generated/build_info.h says what this build is.  Included, it adds the target that writes the
# header; run as a script (cmake -P), it writes it.  The file changes only when its text does.
if(CMAKE_SCRIPT_MODE_FILE)
  set(commit "")
  set(date "")
  set(branch "")
  set(remote "")
  set(dirty 0)
  find_program(git git)
  if(git)
    execute_process(COMMAND ${git} -C ${SOURCE} rev-parse HEAD OUTPUT_VARIABLE commit
      ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${git} -C ${SOURCE} log -1 --format=%cs HEAD OUTPUT_VARIABLE date
      ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${git} -C ${SOURCE} symbolic-ref --short -q HEAD
      OUTPUT_VARIABLE branch ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${git} -C ${SOURCE} config --get remote.origin.url
      OUTPUT_VARIABLE remote ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    # A URL may carry a password: what stands before the @ is nobody's business.
    string(REGEX REPLACE "://[^/]*@" "://" remote "${remote}")
    execute_process(COMMAND ${git} -C ${SOURCE} status --porcelain --untracked-files=no
      OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      set(dirty 1)
    endif()
  endif()
  set(text "/* Made by tools/cmake/build_info.cmake. */
#ifndef BUILD_INFO_H
#define BUILD_INFO_H

#define BUILD_VERSION \"${VERSION}\"
#define BUILD_GIT \"${commit}\" /* \"\": not built from a git checkout */
#define BUILD_GIT_DATE \"${date}\" /* day of the commit: 2026-01-31 */
#define BUILD_GIT_BRANCH \"${branch}\" /* \"\": none checked out */
#define BUILD_GIT_REMOTE \"${remote}\"
#define BUILD_DIRTY ${dirty}
#define BUILD_TYPE \"${TYPE}\"
#define BUILD_COMPILER \"${COMPILER}\"
#define BUILD_FLAGS \"${FLAGS}\"
#define BUILD_CUDA \"${CUDA}\" /* nvcc's version; \"\": built without CUDA */
#define BUILD_CUDA_ARCHITECTURES \"${ARCHITECTURES}\"
#define BUILD_JANSSON \"${JANSSON}\"
#define BUILD_LIBURING \"${LIBURING}\"
#define BUILD_SQLITE \"${SQLITE}\"
#define BUILD_ZLIB \"${ZLIB}\"
#define BUILD_PCRE2 \"${PCRE2}\"

#endif
")
  set(old "")
  if(EXISTS ${OUTPUT})
    file(READ ${OUTPUT} old)
  endif()
  if(NOT old STREQUAL text)
    file(WRITE ${OUTPUT} "${text}")
  endif()
  return()
endif()

string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
set(flags "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}} -std=gnu11 -ffp-contract=off")
if(HEADROOM_SANITIZE)
  string(APPEND flags " -fsanitize=${HEADROOM_SANITIZE}")
endif()
string(STRIP "${flags}" flags)
set(architectures "")
if(HEADROOM_CUDA)
  string(REPLACE ";" " " architectures "${CMAKE_CUDA_ARCHITECTURES}")
endif()
add_custom_target(build_info
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR}
    -DOUTPUT=${CMAKE_BINARY_DIR}/generated/build_info.h -DVERSION=${PROJECT_VERSION}
    -DTYPE=${CMAKE_BUILD_TYPE} "-DCOMPILER=${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}"
    "-DFLAGS=${flags}" -DCUDA=${CMAKE_CUDA_COMPILER_VERSION} "-DARCHITECTURES=${architectures}"
    -DJANSSON=${JANSSON_VERSION} -DLIBURING=${URING_VERSION}
    -DSQLITE=${SQLITE_VERSION} -DZLIB=${ZLIB_VERSION} -DPCRE2=${PCRE2_VERSION}
    -P ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Noting version and commit"
  BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/build_info.h
  VERBATIM)
add_dependencies(headroom_all build_info)
