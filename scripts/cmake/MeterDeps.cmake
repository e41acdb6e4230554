# Finds what libmeter links: METER_WITH_... decide. Installed beside meterConfig.cmake, so that a static library's consumer
# finds the same.
include(CMakeFindDependencyMacro)
macro(meter_find)
  if(METER_FOR_CONSUMER)
    find_dependency(${ARGV})
  else()  # libmeter itself is built
    find_package(${ARGV} REQUIRED)
  endif()
endmacro()
meter_find(Threads)
meter_find(LibXml2)
meter_find(CURL)
meter_find(OpenSSL COMPONENTS Crypto)
meter_find(date)
if(METER_WITH_SQLITE)
  meter_find(SQLiteCpp)
endif()
if(METER_WITH_POSTGRES)
  meter_find(PostgreSQL)
endif()
if(METER_WITH_ZLIB)
  meter_find(ZLIB)
endif()

# Debian's libjq has neither a CMake nor a pkg-config file.
if(METER_WITH_JQ AND NOT TARGET meter_jq)
  find_path(METER_JQ_INCLUDE_DIR jq.h REQUIRED)
  find_library(METER_JQ_LIBRARY jq REQUIRED)
  add_library(meter_jq UNKNOWN IMPORTED)
  set_target_properties(meter_jq PROPERTIES IMPORTED_LOCATION "${METER_JQ_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${METER_JQ_INCLUDE_DIR}")
endif()

if(METER_WITH_MYSQL AND NOT TARGET meter_mysql)
  find_path(METER_MYSQL_INCLUDE_DIR mysql.h PATH_SUFFIXES mariadb mysql REQUIRED)
  find_library(METER_MYSQL_LIBRARY mariadb REQUIRED)
  add_library(meter_mysql UNKNOWN IMPORTED)
  set_target_properties(meter_mysql PROPERTIES IMPORTED_LOCATION "${METER_MYSQL_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${METER_MYSQL_INCLUDE_DIR}")
endif()

if(NOT METER_FOR_CONSUMER)  # headers only, and none of them in ours
  find_package(Boost CONFIG REQUIRED)  # Boost.Graph
  find_package(RapidJSON QUIET)  # Debian's config makes no target
  if(NOT TARGET rapidjson)
    find_path(METER_RAPIDJSON_INCLUDE_DIR rapidjson/document.h REQUIRED)
    add_library(rapidjson INTERFACE IMPORTED)
    set_target_properties(rapidjson PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${METER_RAPIDJSON_INCLUDE_DIR}")
  endif()
endif()

find_package(re2 CONFIG QUIET)
if(NOT TARGET re2::re2)
  find_path(METER_RE2_INCLUDE_DIR re2/re2.h REQUIRED)
  find_library(METER_RE2_LIBRARY re2 REQUIRED)
  add_library(re2::re2 UNKNOWN IMPORTED)
  set_target_properties(re2::re2 PROPERTIES IMPORTED_LOCATION "${METER_RE2_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${METER_RE2_INCLUDE_DIR}")
endif()

find_package(utf8proc CONFIG QUIET)
if(NOT TARGET utf8proc::utf8proc)
  if(TARGET utf8proc)
    add_library(utf8proc::utf8proc ALIAS utf8proc)
  else()
    find_path(METER_UTF8PROC_INCLUDE_DIR utf8proc.h REQUIRED)
    find_library(METER_UTF8PROC_LIBRARY utf8proc REQUIRED)
    add_library(utf8proc::utf8proc UNKNOWN IMPORTED)
    set_target_properties(utf8proc::utf8proc PROPERTIES IMPORTED_LOCATION "${METER_UTF8PROC_LIBRARY}"
                          INTERFACE_INCLUDE_DIRECTORIES "${METER_UTF8PROC_INCLUDE_DIR}")
  endif()
endif()
