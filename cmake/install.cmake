# What `cmake --install` puts where: the libraries, the headers, a CMake package and a pkg-config
# file. All of it finds its neighbours by relative paths, so an installed tree can be moved.
# SPDX-License-Identifier: MIT
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/BitTTT)
install(TARGETS Bit_TTT bit_ttt_static EXPORT BitTTTTargets
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/bit_ttt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT BitTTTTargets NAMESPACE BitTTT:: DESTINATION ${package_dir})

configure_package_config_file(cmake/BitTTTConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cmake/BitTTTConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may change what programs are compiled against.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/BitTTTConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cmake/BitTTTConfig.cmake
  ${PROJECT_BINARY_DIR}/cmake/BitTTTConfigVersion.cmake DESTINATION ${package_dir})

# Relative to the file's own place, as --prefix may name another one than was configured. Where a
# packager gave absolute folders there is nothing to be relative to.
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
foreach(name INCLUDEDIR LIBDIR)
  set(PC_${name} ${CMAKE_INSTALL_${name}})
  if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_${name}})
    string(PREPEND PC_${name} "\${prefix}/")
  endif()
endforeach()
if(IS_ABSOLUTE ${pc_dir})
  set(PC_PREFIX ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH up /prefix/${pc_dir} /prefix)
  string(REGEX REPLACE "/$" "" up ${up})
  set(PC_PREFIX "\${pcfiledir}/${up}")
endif()
configure_file(cmake/bit_ttt.pc.in ${PROJECT_BINARY_DIR}/cmake/bit_ttt.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cmake/bit_ttt.pc DESTINATION ${pc_dir})
