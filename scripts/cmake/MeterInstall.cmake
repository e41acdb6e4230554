# Install rules: headers, library, CMake package, pkg-config file; and the server with what a system needs around it.
# Components: library (the shared library), dev (what building against it takes), server.
include(CMakePackageConfigHelpers)

set(METER_CONFIG_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/meter")
set(METER_SHARED OFF)
set(METER_STATIC ON)
if(METER_BUILD_SHARED)
  set(METER_SHARED ON)
  set(METER_STATIC OFF)
endif()

install(TARGETS meter EXPORT meterTargets
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT library NAMELINK_COMPONENT dev
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
install(EXPORT meterTargets NAMESPACE meter:: DESTINATION "${METER_CONFIG_DIR}" COMPONENT dev)
configure_package_config_file("${PROJECT_SOURCE_DIR}/scripts/cmake/meterConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/meterConfig.cmake" INSTALL_DESTINATION "${METER_CONFIG_DIR}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/meterConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/meterConfig.cmake" "${PROJECT_BINARY_DIR}/meterConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/scripts/cmake/MeterDeps.cmake" DESTINATION "${METER_CONFIG_DIR}" COMPONENT dev)

# Who links a static libmeter links what it uses too, as shared libraries: Requires, not Requires.private, which would add
# what those are made of. SQLiteCpp and date have no pkg-config files everywhere.
set(METER_PC_REQUIRES "")
set(METER_PC_LIBS "-pthread")
if(METER_STATIC)
  set(METER_PC_REQUIRES "libxml-2.0 libcurl libcrypto re2 libutf8proc")
  set(METER_PC_LIBS "-ldate-tz -pthread")
  if(METER_WITH_SQLITE)
    string(APPEND METER_PC_REQUIRES " sqlite3")
    string(PREPEND METER_PC_LIBS "-lSQLiteCpp ")
  endif()
  if(METER_WITH_POSTGRES)
    string(APPEND METER_PC_REQUIRES " libpq")
  endif()
  if(METER_WITH_MYSQL)
    string(APPEND METER_PC_REQUIRES " libmariadb")
  endif()
  if(METER_WITH_JQ)
    string(PREPEND METER_PC_LIBS "-ljq ")
  endif()
  if(METER_WITH_ZLIB)
    string(APPEND METER_PC_REQUIRES " zlib")
  endif()
endif()
cmake_path(APPEND METER_PC_LIBDIR "\${prefix}" "${CMAKE_INSTALL_LIBDIR}")  # an absolute one stays as it is
cmake_path(APPEND METER_PC_INCLUDEDIR "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig"
           OUTPUT_VARIABLE METER_PC_UP)
configure_file("${PROJECT_SOURCE_DIR}/scripts/cmake/meter.pc.in" "${PROJECT_BINARY_DIR}/meter.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/meter.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)

if(METER_BUILD_SERVER)
  if(METER_BUILD_SHARED AND NOT CMAKE_INSTALL_RPATH)
    cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY "${CMAKE_INSTALL_FULL_BINDIR}"
               OUTPUT_VARIABLE way_to_library)
    set_target_properties(meter-server PROPERTIES INSTALL_RPATH "$ORIGIN/${way_to_library}")
  endif()
  install(TARGETS meter-server EXPORT meterServerTargets RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT server)
  install(EXPORT meterServerTargets NAMESPACE meter:: DESTINATION "${METER_CONFIG_DIR}" COMPONENT server)
  set(settings_folder "${CMAKE_INSTALL_SYSCONFDIR}/meter")
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")  # then /etc, by the GNU rules, and not /usr/etc
    set(settings_folder "${CMAKE_INSTALL_FULL_SYSCONFDIR}/meter")
  endif()
  install(FILES "${PROJECT_SOURCE_DIR}/packaging/meter-server.conf" DESTINATION "${settings_folder}"
          PERMISSIONS OWNER_READ OWNER_WRITE COMPONENT server)
  configure_file("${PROJECT_SOURCE_DIR}/packaging/meter-server.service.in"
                 "${PROJECT_BINARY_DIR}/packaging/meter-server.service" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/packaging/meter-server.service" DESTINATION lib/systemd/system
          COMPONENT server)
  # The server writes its own reference pages; a program for another machine cannot be asked while building.
  if(NOT CMAKE_CROSSCOMPILING)
    install(FILES "${PROJECT_BINARY_DIR}/packaging/meter-server.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1"
            COMPONENT server)
    install(FILES "${PROJECT_BINARY_DIR}/packaging/meter-server.bash" RENAME meter-server
            DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT server)
  endif()
endif()
