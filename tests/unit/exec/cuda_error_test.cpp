// SPDX-License-Identifier: MIT
#include "dynamicpo/exec/cuda_error.hpp"

#include <string>

#include "support/catch.hpp"

TEST_CASE("cuda_error names call, code and text") {
  const dynamicpo::cuda_error error("cudaMallocAsync", 2, "out of memory");
  REQUIRE(error.call() == "cudaMallocAsync");
  REQUIRE(error.code() == 2);
  REQUIRE(error.text() == "out of memory");
  REQUIRE(std::string(error.what()) == "dynamicpo: cudaMallocAsync failed with CUDA error 2: out of memory");
}
