# SPDX-License-Identifier: MIT
# One small case: the report prints it and writes JSON with the agreed keys. No figure is judged but for being one.
# Usage: cmake -D PROGRAM=<bench_report> -D WORK_DIR=<scratch> -P report_test.cmake
cmake_minimum_required(VERSION 3.25)

set(case dmpo/f32/K15/dense/threads/b16)
set(file ${WORK_DIR}/report_test.json)
file(REMOVE ${file})
execute_process(COMMAND ${PROGRAM} --filter ${case} --repetitions 3 --json ${file}
                OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
if(NOT printed MATCHES "\n${case} ")
  message(FATAL_ERROR "no row of ${case} in what is printed:\n${printed}")
endif()

file(READ ${file} json)
function(expect type)
  string(JSON found ERROR_VARIABLE error TYPE "${json}" ${ARGN})
  if(error OR NOT found STREQUAL type)
    message(FATAL_ERROR "${ARGN}: expected ${type}, found ${found} ${error} in\n${json}")
  endif()
endfunction()
function(expect_positive)
  expect(NUMBER ${ARGN})
  string(JSON value GET "${json}" ${ARGN})
  if(NOT value GREATER 0)
    message(FATAL_ERROR "${ARGN}: expected a positive number, found ${value}")
  endif()
endfunction()

expect(STRING machine)
string(JSON count LENGTH "${json}" rows)
string(JSON name GET "${json}" rows 0 case)
if(NOT count EQUAL 1 OR NOT name STREQUAL "${case}")
  message(FATAL_ERROR "expected the one row ${case}, found ${count}, the first ${name}")
endif()
foreach(key IN ITEMS ns_per_row triad_ratio raw_ratio)
  expect_positive(rows 0 ${key})
endforeach()
expect_positive(rows 0 peer seq)

execute_process(COMMAND ${PROGRAM} --filter no/such/case RESULT_VARIABLE status ERROR_VARIABLE said OUTPUT_QUIET)
if(status EQUAL 0 OR NOT said MATCHES "no/such/case")
  message(FATAL_ERROR "a filter that fits no case: status ${status}, said ${said}")
endif()
