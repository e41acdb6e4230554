# Fuzz targets: libFuzzer programs for clang, one per kind of hostile input.

# meter_fuzzer(name DEPENDS module ... [LIBS target ...])
# Builds fuzz_<name> from fuzz_<name>.cpp beside the CMakeLists.txt that calls this. The modules have to be compiled
# with METER_SANITIZE containing fuzzer-no-link, as the preset `fuzz` does, or the fuzzer is blind to their branches.
function(meter_fuzzer name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBS" ${ARGN})
  add_executable(fuzz_${name} fuzz_${name}.cpp)
  target_link_libraries(fuzz_${name} PRIVATE meter_options ${ARG_LIBS})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  foreach(module IN LISTS ARG_DEPENDS)
    target_link_libraries(fuzz_${name} PRIVATE meter_${module})
  endforeach()
endfunction()
