# SPDX-License-Identifier: MIT
# Writes the CTest entries of a Catch2 program: one per test case, labelled LABEL and by its tags among TAGS. Unlike
# Catch2's own script it keeps tags, and names with any punctuation. A name that selects no test case fails.
# Usage: cmake -D PROGRAM=<file> -D LIST_TESTS=<options> -D LABEL=<label> -D "TAGS=<list>" -D ENVIRONMENT=<a=b>
#              -D OUTPUT=<file> -P discover_tests.cmake
cmake_minimum_required(VERSION 3.25)
separate_arguments(LIST_TESTS)

# Names, one a line.
function(list_tests out)
  execute_process(COMMAND ${PROGRAM} ${LIST_TESTS} ${ARGN} OUTPUT_VARIABLE names ERROR_VARIABLE errors)
  if(NOT errors STREQUAL "")
    message(FATAL_ERROR "${PROGRAM} lists no tests:\n${errors}")
  endif()
  set(${out} "\n${names}\n" PARENT_SCOPE)
endfunction()

list_tests(rest)
foreach(tag IN LISTS TAGS)
  list_tests(tagged_${tag} "[${tag}]")
endforeach()

set(script)
while(rest MATCHES "^\n+([^\n]+)(\n.*)$")
  set(name "${CMAKE_MATCH_1}")
  set(rest "${CMAKE_MATCH_2}")
  set(labels ${LABEL})
  foreach(tag IN LISTS TAGS)
    string(FIND "${tagged_${tag}}" "\n${name}\n" position)
    if(NOT position EQUAL -1)
      list(APPEND labels ${tag})
    endif()
  endforeach()
  string(REGEX REPLACE "([\\,[])" "\\\\\\1" pattern "${name}")
  string(APPEND script "add_test([==[${LABEL}.${name}]==] [==[${PROGRAM}]==] [==[${pattern}]==])\n"
         "set_tests_properties([==[${LABEL}.${name}]==] PROPERTIES LABELS [==[${labels}]==]\n"
         "  ENVIRONMENT [==[${ENVIRONMENT}]==] SKIP_REGULAR_EXPRESSION [==[SKIPPED: ]==]\n"
         "  FAIL_REGULAR_EXPRESSION [==[No tests ran|No test cases matched]==])\n")
endwhile()
if(script STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} holds no tests")
endif()
file(WRITE ${OUTPUT} "${script}")
