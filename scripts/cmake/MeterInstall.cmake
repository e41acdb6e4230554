# Install rules: headers, library, CMake package, server.
include(CMakePackageConfigHelpers)

set(METER_CONFIG_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/meter")
install(TARGETS meter EXPORT meterTargets FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT meterTargets NAMESPACE meter:: DESTINATION "${METER_CONFIG_DIR}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/scripts/cmake/meterConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/meterConfig.cmake" INSTALL_DESTINATION "${METER_CONFIG_DIR}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/meterConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/meterConfig.cmake" "${PROJECT_BINARY_DIR}/meterConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/scripts/cmake/MeterDeps.cmake" DESTINATION "${METER_CONFIG_DIR}")
if(METER_BUILD_SERVER)
  install(TARGETS meter-server RUNTIME)
endif()
