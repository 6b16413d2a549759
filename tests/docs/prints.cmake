# SPDX-License-Identifier: MIT
# Usage: cmake -D PROGRAM=<program> -D EXPECTED=<file> -P prints.cmake
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE result OUTPUT_VARIABLE output)
file(READ ${EXPECTED} expected)
if(NOT result EQUAL 0 OR NOT output STREQUAL expected)
  message(FATAL_ERROR "expected status 0 and\n${expected}\nfound status ${result} and\n${output}")
endif()
