# SPDX-License-Identifier: MIT
# The library defines four macros, on x86-64 a fifth, and no other. Compares the macros after all its headers with those
# after the foreign headers that it includes. Usage: cmake -D COMPILER=<c++> -D DIR=<folder of both>
# -D INCLUDE_DIRS=<list> -D DEFINITIONS=<list> -P macros.cmake
cmake_minimum_required(VERSION 3.25)
set(allowed DYNAMICPO_ASSERT DYNAMICPO_FLATTEN DYNAMICPO_HD DYNAMICPO_INLINE)

list(REMOVE_ITEM INCLUDE_DIRS "")
list(TRANSFORM INCLUDE_DIRS PREPEND -I)
list(REMOVE_ITEM DEFINITIONS "")
list(TRANSFORM DEFINITIONS PREPEND -D)
function(macros_after header out)
  execute_process(COMMAND ${COMPILER} -std=c++20 ${INCLUDE_DIRS} ${DEFINITIONS} -dM -E -x c++ ${DIR}/${header}
                  OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "#define [A-Za-z0-9_]+" names "${text}")
  list(TRANSFORM names REPLACE "#define " "")
  set(${out} ${names} PARENT_SCOPE)
endfunction()

macros_after(foreign_headers.hpp foreign)
macros_after(all_headers.hpp ours)
list(REMOVE_ITEM ours ${foreign} DYNAMICPO_DISPATCH)
list(SORT ours)
if(NOT ours STREQUAL allowed)
  message(FATAL_ERROR "expected the macros [${allowed}], found [${ours}]")
endif()
