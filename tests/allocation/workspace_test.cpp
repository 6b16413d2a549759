// SPDX-License-Identifier: MIT
// Calls that are given a workspace allocate nothing once it has seen such rows.
#include <vector>

#include "allocation/counted_new.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

TEST_CASE("a call with a workspace that has seen such rows allocates nothing") {
  using namespace test_support;
  const auto pipeline = po::dynamic(po::objective::sdpo);
  for (const bool ragged : {false, true}) {
    for (const po::index negatives : {1, 15, 64, 300, 2000}) {
      const auto rows = random_batch<float>(3, 70, negatives, ragged);
      const auto policy = rows.policy.view(), reference = rows.reference.view();
      auto gradient = table_like(policy, 0.0f);
      std::vector<float> row_loss(70);
      po::workspace<float> workspace;
      const po::outputs<float> out{.gradient = gradient.view(), .row_loss = row_loss, .workspace = &workspace};
      std::vector<std::int64_t> offsets(71);
      std::vector<std::int32_t> slots(rows.policy.rejected.size());
      const po::selection_outputs<float> selected{.offsets = offsets, .slots = slots, .workspace = &workspace};

      const long before = counted_new::allocations;
      po::loss_and_gradient(po::exec::seq, pipeline, policy, reference, out);
      const long first = counted_new::allocations;
      REQUIRE(first > before);
      po::loss_and_gradient(po::exec::seq, pipeline, policy, reference, out);
      po::select_negatives(po::exec::seq, po::select::boundary{}, policy, selected);
      const long second = counted_new::allocations;
      CAPTURE(ragged, negatives);
      REQUIRE(second == first);
    }
  }
}
