# httplib::httplib, for the folder that includes this.
find_package(httplib CONFIG QUIET)
if(NOT TARGET httplib::httplib)
  # Debian's cpp-httplib is a compiled library; its macros are part of its ABI and come from its pkg-config file.
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(METER_HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
  add_library(httplib::httplib ALIAS PkgConfig::METER_HTTPLIB)
endif()
