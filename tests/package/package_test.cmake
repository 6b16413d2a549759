# SPDX-License-Identifier: MIT
# Configures, builds and runs the consumer. Usage: cmake -D WAY=<way> -D SOURCE_DIR=<tree> -D BUILD_DIR=<its build>
#   -D COMPILER=<c++> -D GENERATOR=<generator> -D WORK_DIR=<scratch> -P package_test.cmake
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${WORK_DIR})

if(WAY STREQUAL "find_package")
  # The installed tree is moved once, so that no absolute path can help.
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/staging
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(RENAME ${WORK_DIR}/staging ${WORK_DIR}/prefix)
endif()
file(STRINGS ${SOURCE_DIR}/include/dynamicpo/version.hpp version REGEX "char version\\[\\]")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${version}")

execute_process(
  COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${WORK_DIR}/build
          -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_EXPORT_COMPILE_COMMANDS=ON -D WAY=${WAY}
          -D CMAKE_PREFIX_PATH=${WORK_DIR}/prefix -D EXPECTED_VERSION=${version} -D DYNAMICPO_SOURCE=${SOURCE_DIR}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${WORK_DIR}/build/consumer COMMAND_ERROR_IS_FATAL ANY)

# All the library asks of its user's compiler is C++20 and an include folder.
file(READ ${WORK_DIR}/build/compile_commands.json commands)
string(JSON command GET "${commands}" 0 command)
separate_arguments(arguments UNIX_COMMAND "${command}")
list(POP_FRONT arguments)
while(arguments)
  list(POP_FRONT arguments argument)
  if(argument MATCHES "^(-isystem|-o|-c)$")
    list(POP_FRONT arguments)
  elseif(NOT argument MATCHES "^(-I.*|-std=(c|gnu)\\+\\+20)$")
    message(FATAL_ERROR "the consumer is compiled with ${argument}:\n${command}")
  endif()
endwhile()
