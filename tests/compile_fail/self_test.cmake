# SPDX-License-Identifier: MIT
# The driver must accept a sound case and object to each unsound one.
# Usage: cmake -D COMPILER=<c++> -D DRIVER=<compile_fail.cmake> -D WORK_DIR=<scratch> -P self_test.cmake
cmake_minimum_required(VERSION 3.25)

# <name> <source> <what the driver must say, empty when it must accept>
set(expected "// expected: no cake")
set(guarded "#if !defined(DYNAMICPO_POSITIVE_TWIN)\nstatic_assert(false, \"no cake\")@\n#endif\n")
set(cases
    sound          "${expected}\n${guarded}"                                        ""
    no_marker      "${guarded}"                                                     "expected a line '// expected:"
    compiles       "${expected}\nint x@\n"                                          "compiles, expected"
    broken_twin    "${expected}\nstatic_assert(false, \"no cake\")@\n"              "the positive twin does not compile"
    other_sentence "// expected: no tea\n${guarded}"                                "expected 'no tea' in the first error"
    second_error   "${expected}\n#ifndef DYNAMICPO_POSITIVE_TWIN\nvoid f() { y = 1@ }\n#endif\n${guarded}" "in the first error")

file(REMOVE_RECURSE ${WORK_DIR})
while(cases)
  list(POP_FRONT cases name source expected)
  string(REPLACE "@" ";" source "${source}")
  file(WRITE ${WORK_DIR}/${name}.cpp "${source}")
  execute_process(COMMAND ${CMAKE_COMMAND} -D COMPILER=${COMPILER} -D INCLUDE_DIRS=${WORK_DIR}
                          -D SOURCE=${WORK_DIR}/${name}.cpp -D OBJECT=${WORK_DIR}/${name}.o -P ${DRIVER}
                  RESULT_VARIABLE result ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  string(FIND "${output}" "${expected}" position)
  if((expected STREQUAL "" AND NOT result EQUAL 0) OR (NOT expected STREQUAL "" AND (result EQUAL 0 OR position EQUAL -1)))
    message(SEND_ERROR "case ${name}: expected '${expected}', found (status ${result}):\n${output}")
  endif()
endwhile()
