// SPDX-License-Identifier: MIT
#include "dynamicpo/exec/policy.hpp"

#include <algorithm>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

namespace {

/// A stranger's policy: the last block first, on the last of three lanes.
struct backwards {
  using space_type = po::space::host;
  static po::index lanes(po::index) { return 3; }
  template <class Work>
  static void for_each_block(po::index blocks, Work&& work) {
    for (po::index block = blocks; block-- > 0;) { work(block, block % 3); }
  }
};

struct has_no_space {
  static po::index lanes(po::index) { return 1; }
  template <class Work>
  static void for_each_block(po::index, Work&&) {}
};

}  // namespace

TEST_CASE("execution policies of the library and of strangers model execution_policy, others do not") {
  STATIC_REQUIRE(po::execution_policy<po::exec::sequential>);
  STATIC_REQUIRE(po::execution_policy<po::exec::threads>);
  STATIC_REQUIRE(po::execution_policy<backwards>);
  STATIC_REQUIRE_FALSE(po::execution_policy<has_no_space>);
  STATIC_REQUIRE_FALSE(po::execution_policy<int>);
}

TEMPLATE_TEST_CASE("a stranger's policy gives the bits of seq", "", float, double) {
  for (const bool ragged : {false, true}) {
    const auto batch = test_support::random_batch<TestType>(8, 1100, 9, ragged);
    const auto pipeline = po::dynamic(po::objective::sdpo);
    const auto run = [&](const auto& exec) {
      return test_support::evaluate(pipeline, batch.policy.view(), batch.reference.view(),
                                    {.reduction = po::reduction::mean}, exec);
    };
    REQUIRE(test_support::same_bits(run(po::exec::seq), run(backwards{})));
  }
}
