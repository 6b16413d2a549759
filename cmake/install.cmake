# SPDX-License-Identifier: MIT
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/dynamicpo)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/dynamicpo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS dynamicpo EXPORT dynamicpo)
install(EXPORT dynamicpo NAMESPACE dynamicpo:: FILE dynamicpoTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/dynamicpoConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/dynamicpoConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dynamicpoConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/dynamicpoConfig.cmake ${PROJECT_BINARY_DIR}/dynamicpoConfigVersion.cmake
        DESTINATION ${package_dir})
