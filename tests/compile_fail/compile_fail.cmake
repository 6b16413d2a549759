# SPDX-License-Identifier: MIT
# Usage: cmake -D COMPILER=<c++> -D "INCLUDE_DIRS=<list>" -D SOURCE=<case.cpp> -D OBJECT=<scratch> -P compile_fail.cmake
cmake_minimum_required(VERSION 3.25)
set(line_budget 25)

file(STRINGS ${SOURCE} marker REGEX "^// expected: ")
string(REGEX REPLACE "^// expected: " "" sentence "${marker}")
if(sentence STREQUAL "")
  message(FATAL_ERROR "${SOURCE}: expected a line '// expected: <sentence>', found none")
endif()

list(REMOVE_ITEM INCLUDE_DIRS "")
list(TRANSFORM INCLUDE_DIRS PREPEND -I)
set(compile ${COMPILER} -std=c++20 ${INCLUDE_DIRS} -c ${SOURCE} -o ${OBJECT})
execute_process(COMMAND ${compile} -DDYNAMICPO_POSITIVE_TWIN RESULT_VARIABLE twin_result ERROR_VARIABLE twin_output)
if(NOT twin_result EQUAL 0)
  message(FATAL_ERROR "${SOURCE}: the positive twin does not compile:\n${twin_output}")
endif()

execute_process(COMMAND ${compile} RESULT_VARIABLE result ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE}: compiles, expected the error '${sentence}'")
endif()
# The sentence has to be in the first error, within the first lines: that is where a user looks.
string(REGEX MATCH "[^\n]*error:[^\n]*" first_error "${output}")
string(FIND "${first_error}" "${sentence}" in_first_error)
string(FIND "${output}" "${sentence}" position)
string(SUBSTRING "${output}" 0 ${position} before)
string(REGEX MATCHALL "\n" lines_before "${before}")
list(LENGTH lines_before line)
if(position EQUAL -1 OR in_first_error EQUAL -1 OR line GREATER_EQUAL line_budget)
  message(FATAL_ERROR "${SOURCE}: expected '${sentence}' in the first error and first ${line_budget} lines, found:\n${output}")
endif()
