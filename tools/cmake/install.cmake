# make install and make bundle: program, manual page, completions.
include(GNUInstallDirs)
install(TARGETS headroom RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(HEADROOM_BUNDLE)
  # RPATH, not RUNPATH: only the old tag also serves the libraries that our libraries need.
  set_target_properties(headroom PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
  target_link_options(headroom PRIVATE -Wl,--disable-new-dtags)
endif()
