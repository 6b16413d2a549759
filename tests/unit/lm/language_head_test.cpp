// SPDX-License-Identifier: MIT
#include "dynamicpo/lm/language_head.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace lm = dynamicpo::lm;

TEST_CASE("a head has no negative extent") {
  using head = lm::language_head<double>;
  REQUIRE_NOTHROW(lm::require_head("here", head{}));
  for (const head& bad : {head{.sequences = -1}, head{.tokens = -1}, head{.vocabulary = -1}, head{.width = -1}}) {
    REQUIRE_THROWS_WITH(lm::require_head("here", bad), "dynamicpo::here: a head of negative extent");
  }
}

TEST_CASE("a head's gradients may lie beside its arrays, not on them") {
  // hidden [4, 3], weights [5, 3] and room for their gradients, one after another
  std::vector<float> memory(2 * (12 + 15));
  float *const hidden = memory.data(), *const weights = hidden + 12, *const hidden_gradient = weights + 15,
               *const weight_gradient = hidden_gradient + 12;
  const lm::language_head<float> head{hidden, weights, 2, 2, 5, 3};
  REQUIRE(head.places() == 4);
  const auto refused = [&](const float* of_hidden, const float* of_weights) {
    try {
      lm::require_gradients_apart("here", head, of_hidden, of_weights);
    } catch (const std::invalid_argument& failure) {
      REQUIRE(std::string(failure.what()) ==
              "dynamicpo::here: a gradient overlaps the hidden states, the weights or the other gradient");
      return true;
    }
    return false;
  };
  REQUIRE_FALSE(refused(hidden_gradient, weight_gradient));
  REQUIRE_FALSE(refused(nullptr, weight_gradient));
  REQUIRE_FALSE(refused(hidden_gradient, nullptr));
  REQUIRE_FALSE(refused(nullptr, nullptr));
  REQUIRE(refused(hidden, weight_gradient));
  REQUIRE(refused(hidden_gradient - 1, nullptr));  // the last of the weights
  REQUIRE(refused(nullptr, hidden + 11));
  REQUIRE(refused(nullptr, weights));
  REQUIRE(refused(hidden_gradient, hidden_gradient + 11));
}
