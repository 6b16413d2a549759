# SPDX-License-Identifier: MIT
# Optional packages of the tests, examples and benchmarks. A source needs what it includes; a source whose package is
# missing is left out, and the configuration says so.

find_package(Threads REQUIRED)
find_package(Eigen3 3.4 QUIET CONFIG)
find_package(xtensor QUIET CONFIG)
find_package(nlohmann_json QUIET CONFIG)
find_package(CLI11 QUIET CONFIG)
find_package(fmt QUIET CONFIG)
find_package(Boost QUIET)
find_package(benchmark QUIET CONFIG)
if(NOT DYNAMICPO_BUILD_BENCH)
  # a peer of the benchmarks alone
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(STATUS "dynamicpo: does not look for libtorch: its headers (1.13) are no C++20 to clang")
else()
  find_package(Torch QUIET CONFIG)
endif()

# Ceres is used for one header, an autodiff scalar: its package would drag in everything else.
find_path(DYNAMICPO_CERES_INCLUDE_DIR ceres/jet.h)
if(DYNAMICPO_CERES_INCLUDE_DIR AND TARGET Eigen3::Eigen)
  add_library(dynamicpo_ceres_jet INTERFACE)
  target_include_directories(dynamicpo_ceres_jet SYSTEM INTERFACE ${DYNAMICPO_CERES_INCLUDE_DIR})
  target_link_libraries(dynamicpo_ceres_jet INTERFACE Eigen3::Eigen)
endif()

# Thrust on its host systems, all in one program: a policy says which. One Thrust a build tree, the CUDA toolkit's where
# nvcc is: two of them would define the same functions twice.
if(CMAKE_CUDA_COMPILER)
  find_package(Thrust QUIET CONFIG HINTS ${CUDAToolkit_LIBRARY_ROOT}/lib64/cmake/thrust
                                         ${CUDAToolkit_LIBRARY_DIR}/cmake/thrust)
else()
  find_package(Thrust QUIET CONFIG)
endif()
find_package(OpenMP QUIET COMPONENTS CXX)
find_package(TBB QUIET CONFIG)
if(TARGET Thrust::Thrust AND TARGET OpenMP::OpenMP_CXX AND TARGET TBB::tbb)
  add_library(dynamicpo_thrust INTERFACE)
  get_target_property(thrust_include Thrust::Thrust INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(dynamicpo_thrust SYSTEM INTERFACE ${thrust_include})
  target_compile_definitions(dynamicpo_thrust INTERFACE THRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP
                                                        THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP)
  target_link_libraries(dynamicpo_thrust INTERFACE OpenMP::OpenMP_CXX TBB::tbb)
  message(STATUS "dynamicpo: Thrust ${Thrust_VERSION} from ${thrust_include}")
else()
  foreach(part IN ITEMS Thrust::Thrust OpenMP::OpenMP_CXX TBB::tbb)
    if(NOT TARGET ${part})
      message(STATUS "dynamicpo: left out the Thrust parts: ${part} not found")
    endif()
  endforeach()
endif()

# <what follows #include in a source> <target it needs>
set(dynamicpo_dependency_table
    "<Eigen/|dynamicpo/adapt/eigen.hpp"       Eigen3::Eigen
    "<xtensor/|dynamicpo/adapt/xtensor.hpp"   xtensor
    "<thrust/|dynamicpo/(adapt|exec)/thrust.hpp"  dynamicpo_thrust
    "<nlohmann/"                              nlohmann_json::nlohmann_json
    "<CLI/"                                   CLI11::CLI11
    "<fmt/"                                   fmt::fmt
    "<boost/"                                 Boost::headers
    "<ceres/jet.h|support/jet.hpp"            dynamicpo_ceres_jet
    "<benchmark/"                             benchmark::benchmark
    "<torch/"                                 torch
    "\"toy_llm/"                              toy_llm
    "\"study/"                                collapse_study
    "\"selection_bench/"                      selection_bench
    "\"cli/"                                  dynamicpo_cli_parts)

# Splits `sources` into those that can be built and reports the others; `links` receives the targets the former need.
function(dynamicpo_usable_sources out_sources out_links)
  set(usable)
  set(links)
  foreach(source IN LISTS ARGN)
    file(STRINGS ${source} includes REGEX "^[ \t]*#[ \t]*include")
    set(missing)
    set(needed)
    set(table ${dynamicpo_dependency_table})
    while(table)
      list(POP_FRONT table pattern target)
      if(NOT includes MATCHES "include[ \t]*[<\"]?(${pattern})")
        continue()
      elseif(TARGET ${target})
        list(APPEND needed ${target})
      else()
        list(APPEND missing ${target})
      endif()
    endwhile()
    if(missing)
      cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
      list(JOIN missing ", " missing)
      message(STATUS "dynamicpo: left out ${source}: ${missing} not found")
    else()
      list(APPEND usable ${source})
      list(APPEND links ${needed})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES links)
  set(${out_sources} ${usable} PARENT_SCOPE)
  set(${out_links} ${links} PARENT_SCOPE)
endfunction()
