// SPDX-License-Identifier: MIT
// docs/contract.md: "float16/bfloat16 storage: computed in float or wider; margins past 11 do not overflow".
#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

template <class Half>
table<float> widened(const table<Half>& narrow) {
  table<float> wide{{}, {}, narrow.offsets};
  for (const Half x : narrow.chosen) { wide.chosen.push_back(static_cast<float>(x)); }
  for (const Half x : narrow.rejected) { wide.rejected.push_back(static_cast<float>(x)); }
  return wide;
}

template <class Half>
void check() {
  static_assert(std::is_same_v<po::compute_of<Half>, float> && std::is_same_v<po::accumulator_of<Half>, double>);
  for (const bool ragged : {false, true}) {
    const batch<float> scores = random_batch<float>(1, 100, 6, ragged);
    const auto narrowed = [](const table<float>& wide) {
      table<Half> narrow{{}, {}, wide.offsets};
      for (const float x : wide.chosen) { narrow.chosen.push_back(static_cast<Half>(x)); }
      for (const float x : wide.rejected) { narrow.rejected.push_back(static_cast<Half>(x)); }
      return narrow;
    };
    const table<Half> policy = narrowed(scores.policy), reference = narrowed(scores.reference);
    const auto dynamic = po::dynamic(po::objective::sdpo, {.base = 0.5});
    const auto narrow = evaluate(dynamic, policy.view(), reference.view());
    const auto wide = evaluate(dynamic, widened(policy).view(), widened(reference).view());
    REQUIRE(same_bits(narrow.row_loss, wide.row_loss));
    REQUIRE(same_bits(narrow.beta, wide.beta));
    REQUIRE(same_bits(narrow.result.loss, wide.result.loss));
    REQUIRE(same_bits(widened(narrow.gradient), widened(narrowed(wide.gradient))));

    // Policy in 16 bits, reference in float; and in place.
    const auto mixed = evaluate(dynamic, policy.view(), widened(reference).view());
    REQUIRE(same_bits(mixed.row_loss, wide.row_loss));
    table<Half> in_place = policy;
    po::loss_and_gradient(po::exec::seq, dynamic, in_place.view(), reference.view(),
                          {.gradient = in_place.view(), .reduction = po::reduction::sum});
    REQUIRE(same_bits(widened(in_place), widened(narrow.gradient)));
  }
  const auto half = [](float x) { return static_cast<Half>(x); };
  const table<Half> far{{half(-80)}, {half(-20), half(-100)}};  // margins -60 and 20, past where 16 bits overflow
  const auto found = evaluate(po::vanilla(po::objective::sdpo), far.view(), po::reference_free);
  REQUIRE(found.row_loss[0] == 60.0f);
  REQUIRE(static_cast<float>(found.gradient.chosen[0]) == -1.0f);
  REQUIRE(static_cast<float>(found.gradient.rejected[0]) == 1.0f);
}

}  // namespace

TEST_CASE("float16 storage: computed in float; margins past 11 do not overflow") {
  check<Eigen::half>();
#if defined(__FLT16_MAX__)
  check<_Float16>();
#endif
}
TEST_CASE("bfloat16 storage: computed in float; margins past 11 do not overflow") { check<Eigen::bfloat16>(); }
