# generated/assets.c holds the files of web/ as C arrays.  Included, it adds the rule that writes
# it; run as a script (cmake -P), it writes it.  An array and not a string literal: compilers need
# not take more than 4,095 characters of those.
set(assets report_css=report.css report_js=report.js series_js=series.js
  uplot_css=uplot/uPlot.min.css uplot_js=uplot/uPlot.iife.min.js uplot_license=uplot/LICENSE)

if(CMAKE_SCRIPT_MODE_FILE)
  set(text "/* Made by tools/cmake/assets.cmake from web/. */\n#include \"report/assets.h\"\n")
  foreach(pair ${assets})
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 file)
    file(READ ${WEB}/${file} bytes HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND text "\nconst char asset_${name}[] = {\n${bytes}0\n};\n")
  endforeach()
  # A char may be signed: bytes above 0x7f are negative there.
  string(REGEX REPLACE "0x([89a-f])([0-9a-f])," "(char)0x\\1\\2," text "${text}")
  file(WRITE ${OUTPUT} "${text}")
  return()
endif()

set(web_files "")
foreach(pair ${assets})
  string(REGEX REPLACE ".*=" "${CMAKE_SOURCE_DIR}/web/" file ${pair})
  list(APPEND web_files ${file})
endforeach()
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/generated/assets.c
  COMMAND ${CMAKE_COMMAND} -DWEB=${CMAKE_SOURCE_DIR}/web
    -DOUTPUT=${CMAKE_BINARY_DIR}/generated/assets.c -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${web_files} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Taking in web/"
  VERBATIM)
target_sources(headroom_all PRIVATE ${CMAKE_BINARY_DIR}/generated/assets.c)
