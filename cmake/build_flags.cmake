# SPDX-License-Identifier: MIT
# Flags of this project's own programs. Nothing here reaches the exported target.

set(CMAKE_CXX_EXTENSIONS OFF)

add_library(dynamicpo_warnings INTERFACE)
set(warnings -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow)
if(DYNAMICPO_WARNINGS_AS_ERRORS)
  list(APPEND warnings -Werror)
  target_compile_options(dynamicpo_warnings INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Werror all-warnings>")
endif()
target_compile_options(dynamicpo_warnings INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${warnings}>")

# Warnings, and no contraction of a*b+c, on a device neither: results then do not depend on the processor a program was
# compiled for.
add_library(dynamicpo_build_flags INTERFACE)
target_link_libraries(dynamicpo_build_flags INTERFACE dynamicpo_warnings)
target_compile_options(dynamicpo_build_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>
                                                       $<$<COMPILE_LANGUAGE:CUDA>:-fmad=false>)

# The processor's own instructions. Eigen's allocator depends on them, so a library that uses this flag passes it on to
# whatever links it.
add_library(dynamicpo_native INTERFACE)
if(DYNAMICPO_NATIVE)
  target_compile_options(dynamicpo_native INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-march=native>)
  # GCC 12 takes its own undefined AVX-512 registers, inlined from Eigen, for a mistake (its bug 105593). Programs that do
  # not use this flag keep the warning, and clang's.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(dynamicpo_native INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-Wno-uninitialized;-Wno-maybe-uninitialized>")
  endif()
endif()
