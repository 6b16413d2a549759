// SPDX-License-Identifier: MIT
// Compiled without -march: what a program gets that sets no flags.
#include "dynamicpo/detail/processor.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

// Rows of every route: whole tiles, the rest of a tile, long rows.
template <class Pipeline>
void check(const Pipeline& pipeline) {
  for (const po::index negatives : {1, 5, 15, 40, 100}) {
    CAPTURE(negatives);
    const auto rows = random_batch<float>(9, 75, negatives);
    REQUIRE_NOTHROW(evaluate(pipeline, rows.policy.view(), rows.reference.view()));
  }
}

}  // namespace

TEST_CASE("work runs with the widest registers that the processor and the compiler have") {
  std::size_t bytes = 0;
  po::detail::run_on_this_processor([&](auto width) { bytes = width; });
#if defined(DYNAMICPO_DISPATCH)
  REQUIRE(bytes == (__builtin_cpu_supports("avx2") ? 32 : po::detail::target_bytes));
#else
  REQUIRE(bytes == po::detail::target_bytes);
#endif
}

TEST_CASE("rows by themselves, compiled for any processor, and rows in this processor's lanes have the same bits") {
  check(po::vanilla(po::objective::dmpo));
  check(po::dynamic(po::objective::sdpo));
}
