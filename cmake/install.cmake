# Install rules: the library, its headers, find_package(octet) and pkg-config. Everything is
# relocatable: the install tree may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/octet)
install(TARGETS octet EXPORT octet
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/octet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The library needs no package, so its target file is all that find_package has to read.
install(EXPORT octet NAMESPACE octet:: FILE octetConfig.cmake DESTINATION ${cmake_dir})
write_basic_package_version_file(octetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/octetConfigVersion.cmake DESTINATION ${cmake_dir})

file(RELATIVE_PATH OCTET_PC_PREFIX
     ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/octet.pc.in octet.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/octet.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
