# Debian packages, one for each install component: libmeter0.1, libmeter-dev and meter-server. scripts/package makes them.
# Dependencies come from dpkg-shlibdeps.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libmeter)
set(CPACK_PACKAGE_VENDOR libmeter)
set(CPACK_PACKAGE_CONTACT "libmeter maintainers <maintainers@libmeter.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)  # /etc
set(CPACK_COMPONENTS_ALL library dev server)
if(NOT METER_BUILD_SHARED)
  list(REMOVE_ITEM CPACK_COMPONENTS_ALL library)
endif()
if(NOT METER_BUILD_SERVER)
  list(REMOVE_ITEM CPACK_COMPONENTS_ALL server)
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY "=")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}/src")
set(CPACK_STRIP_FILES ON)
set(library_package "libmeter${METER_SOVERSION}")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "ca-certificates, tzdata")  # read at run time
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "Turns web pages and JSON APIs into records and notices when they change. This package
has the shared library.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libmeter-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_DESCRIPTION "Headers, CMake package and pkg-config file of libmeter.")
if(METER_BUILD_SHARED)
  set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${library_package} (= ${PROJECT_VERSION})")
else()
  set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libxml2-dev, libcurl4-openssl-dev, libssl-dev, libre2-dev, libutf8proc-dev, \
libhowardhinnant-date-dev, libsqlitecpp-dev, zlib1g-dev, libjq-dev, libmariadb-dev, libpq-dev")
endif()

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME meter-server)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
if(METER_BUILD_SHARED)  # dpkg-shlibdeps does not know a package that is only being made
  string(APPEND CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS ", ${library_package} (= ${PROJECT_VERSION})")
endif()
set(CPACK_DEBIAN_SERVER_DESCRIPTION "meter-server speaks a REST API: strategies are made from a URL and a sentence, jobs and
schedules run them, webhooks tell what changed.")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/packaging/debian/postinst;${PROJECT_SOURCE_DIR}/packaging/debian/prerm"
    "${PROJECT_SOURCE_DIR}/packaging/debian/postrm;${PROJECT_SOURCE_DIR}/packaging/debian/conffiles")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_STRICT_PERMISSION ON)

if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")  # Debian wants the licence of each package here
  foreach(component IN ITEMS library dev server)
    string(TOUPPER ${component} upper)
    install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" RENAME copyright COMPONENT ${component}
            DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME}")
  endforeach()
endif()
include(CPack)
