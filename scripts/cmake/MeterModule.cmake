# One folder of src/ is one module: a static library of its own for tests, and a part of the library `meter`.
# Linking states the layers: a module sees only what it DEPENDS on.

add_library(meter_options INTERFACE)
target_compile_features(meter_options INTERFACE cxx_std_20)
target_compile_options(meter_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       $<$<BOOL:${METER_WERROR}>:-Werror>
                       # g++ 12 sees overlapping copies in any `"text" + std::string` it inlines (GCC bug 105651)
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                       # and at -O2 reads of values that empty std::optional and std::variant do not have
                       $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release,RelWithDebInfo>>:-Wno-maybe-uninitialized>
                       # g++ warns of anonymous namespaces in included files, which is what a unity build makes of sources
                       $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>)
if(METER_SANITIZE)
  # With sanitizers g++ 12 takes the parts of a std::variant that it does not read for uninitialised ones.
  target_compile_options(meter_options INTERFACE -fsanitize=${METER_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(meter_options INTERFACE -fsanitize=${METER_SANITIZE})
endif()

# meter_module(name SOURCES ... [DEPENDS module ...] [LIBS target ...])
function(meter_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBS" ${ARGN})
  add_library(meter_${name} STATIC EXCLUDE_FROM_ALL ${ARG_SOURCES})
  set_target_properties(meter_${name} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(METER_BUILD_SHARED OR NOT DEFINED CMAKE_POSITION_INDEPENDENT_CODE)  # else as who builds says
    set_target_properties(meter_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
  target_include_directories(meter_${name} PUBLIC "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(meter_${name} PRIVATE meter_options PUBLIC Threads::Threads)
  foreach(module IN LISTS ARG_DEPENDS)
    target_link_libraries(meter_${name} PUBLIC meter_${module})
  endforeach()
  target_link_libraries(meter_${name} PRIVATE ${ARG_LIBS})
  target_sources(meter PRIVATE $<TARGET_OBJECTS:meter_${name}>)
  target_link_libraries(meter PRIVATE ${ARG_LIBS})
endfunction()

# meter_test(name SOURCES ... DEPENDS module ... [LIBS target ...] [LABEL unit|contract|integration|slow] [TIMEOUT s])
# One doctest program for a module, built from its x_test.cpp files.
function(meter_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPENDS;LIBS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(test_${name} ${ARG_SOURCES} $<TARGET_OBJECTS:meter_test_main>)
  set_target_properties(test_${name} PROPERTIES UNITY_BUILD OFF)  # helpers of neighbouring tests may share names
  target_include_directories(test_${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(test_${name} PRIVATE meter_options doctest::doctest ${ARG_LIBS})
  foreach(module IN LISTS ARG_DEPENDS)
    target_link_libraries(test_${name} PRIVATE meter_${module})
  endforeach()
  add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()
