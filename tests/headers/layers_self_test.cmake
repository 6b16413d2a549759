# SPDX-License-Identifier: MIT
# The layer check must object to each of these seeded faults and accept the tree without them.
# Usage: cmake -D CHECK=<check_layers.cmake> -D WORK_DIR=<scratch> -P layers_self_test.cmake
cmake_minimum_required(VERSION 3.25)

set(sound
    "config.hpp"              ""
    "score/scores.hpp"        "#include \"dynamicpo/config.hpp\"\n#include <span>"
    "select/all.hpp"          "#include \"dynamicpo/score/scores.hpp\""
    "beta/fixed.hpp"          "#include \"dynamicpo/select/all.hpp\""
    "exec/tbb.hpp"            "#include <tbb/parallel_for.h>\n#include \"dynamicpo/score/scores.hpp\""
    "adapt/eigen.hpp"         "#include <Eigen/Core>\n#include \"dynamicpo/score/scores.hpp\""
    "detail/elementary.hpp"   "#include \"dynamicpo/config.hpp\"")

# <header> <its content> <what the check must say of it>
set(faults
    "score/up.hpp"      "#include \"dynamicpo/select/all.hpp\""    "score/up.hpp: includes select/all.hpp of a higher layer"
    "select/across.hpp" "#include \"dynamicpo/lm/a.hpp\""          "select/across.hpp: includes lm/a.hpp of a layer beside"
    "exec/stage.hpp"    "#include \"dynamicpo/select/all.hpp\""    "exec/stage.hpp: includes select/all.hpp, 'exec' sees only"
    "adapt/stage.hpp"   "#include \"dynamicpo/beta/fixed.hpp\""    "adapt/stage.hpp: includes beta/fixed.hpp, 'adapt' sees only"
    "beta/eigen.hpp"    "  #  include <Eigen/Core>"                "beta/eigen.hpp: includes <Eigen/Core>, only adapt/"
    "beta/omp.hpp"      "#include <omp.h>"                         "beta/omp.hpp: includes <omp.h>, only adapt/"
    "beta/heavy.hpp"    "#include <random>"                        "beta/heavy.hpp: includes <random>, which is too heavy"
    "beta/deep/a.hpp"   "#include <iostream>"                      "beta/deep/a.hpp: includes <iostream>"
    "detail/lost.hpp"   ""                                         "detail/lost.hpp: has no layer"
    "utils/a.hpp"       ""                                         "utils/a.hpp: has no layer"
    "beta/lost.hpp"     "#include \"dynamicpo/detail/lost.hpp\""   "beta/lost.hpp: includes detail/lost.hpp, which has no layer"
    "beta/near.hpp"     "#include \"fixed.hpp\""                   "beta/near.hpp: includes \"fixed.hpp\", write"
    "exec/device.cuh"   "#include \"dynamicpo/evaluate.hpp\""      "exec/device.cuh: includes evaluate.hpp of a higher layer")

function(check_tree out_result out_output)
  execute_process(COMMAND ${CMAKE_COMMAND} -D INCLUDE_DIR=${WORK_DIR} -P ${CHECK}
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  set(${out_result} ${result} PARENT_SCOPE)
  set(${out_output} "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
while(sound)
  list(POP_FRONT sound header content)
  file(WRITE ${WORK_DIR}/dynamicpo/${header} "${content}\n")
endwhile()
check_tree(result output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "the check rejects a sound tree:\n${output}")
endif()

while(faults)
  list(POP_FRONT faults header content expected)
  file(WRITE ${WORK_DIR}/dynamicpo/${header} "${content}\n")
  check_tree(result output)
  file(REMOVE ${WORK_DIR}/dynamicpo/${header})
  string(FIND "${output}" "${expected}" position)
  if(result EQUAL 0 OR position EQUAL -1)
    message(SEND_ERROR "expected the check to say \"${expected}\", it said (status ${result}):\n${output}")
  endif()
endwhile()
