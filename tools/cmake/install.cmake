# make install and make bundle: program, manual page, completions; the library is in
# library.cmake.
#
# The page and the completions are printed by the program from its own option tables (through the
# emulator when cross-compiling).
include(GNUInstallDirs)
set(share ${CMAKE_BINARY_DIR}/share)
set(bash bash-completion/completions headroom)
set(zsh zsh/site-functions _headroom)
set(fish fish/vendor_completions.d headroom.fish)

file(MAKE_DIRECTORY ${share})
add_custom_command(OUTPUT ${share}/headroom.1
  COMMAND headroom help --man > ${share}/headroom.1 DEPENDS headroom VERBATIM)
set(printed ${share}/headroom.1)
foreach(shell bash zsh fish)
  list(GET ${shell} 0 folder)
  list(GET ${shell} 1 file)
  file(MAKE_DIRECTORY ${share}/${shell})
  add_custom_command(OUTPUT ${share}/${shell}/${file}
    COMMAND headroom help --completion ${shell} > ${share}/${shell}/${file} DEPENDS headroom
    VERBATIM)
  list(APPEND printed ${share}/${shell}/${file})
  install(FILES ${share}/${shell}/${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
endforeach()
add_custom_target(installable DEPENDS headroom libheadroom ${printed})

install(TARGETS headroom RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${share}/headroom.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/share/targets DESTINATION ${CMAKE_INSTALL_DATADIR}/headroom)
if(HEADROOM_BUNDLE)
  # RPATH, not RUNPATH: only the old tag also serves the libraries that our libraries need.
  set_target_properties(headroom PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
  target_link_options(headroom PRIVATE -Wl,--disable-new-dtags)
endif()
