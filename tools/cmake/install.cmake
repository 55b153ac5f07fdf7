# make install and make bundle: program, manual page, completions.
include(GNUInstallDirs)
install(TARGETS headroom RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(HEADROOM_BUNDLE)
  set_target_properties(headroom PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
endif()
