// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

/// One batch, and what the library answers when it lies in plain contiguous memory: the yardstick of every adapter.
namespace adapt_test {

namespace po = dynamicpo;

inline constexpr po::index rows = 7;
inline constexpr po::index columns = 5;

struct batch {
  std::vector<float> chosen = std::vector<float>(rows);
  std::vector<float> rejected = std::vector<float>(rows * columns);
};

inline batch drawn(std::uint64_t stream) {
  po::sample::philox_engine engine{20, stream};
  const auto score = [&] { return static_cast<float>(-20.0 * engine.uniform()); };
  batch result;
  for (float& value : result.chosen) { value = score(); }
  for (float& value : result.rejected) { value = score(); }
  return result;
}

inline const batch& policy() {
  static const batch values = drawn(0);
  return values;
}
inline const batch& reference() {
  static const batch values = drawn(1);
  return values;
}

struct answer {
  double loss;
  batch gradient;
};

template <class Policy>
double run(const Policy& policy_scores, const po::scores<float>& gradient) {
  std::vector<std::int64_t> offsets;
  for (po::index b = 0; b <= rows; ++b) { offsets.push_back(b * columns); }
  const auto dense = po::view(reference().chosen, reference().rejected);
  const auto ragged = po::view(reference().chosen, reference().rejected, offsets);
  return po::loss_and_gradient(po::exec::seq, po::dynamic(po::objective::dmpo), policy_scores,
                               policy_scores.ragged() ? ragged : dense, {.gradient = gradient})
      .loss;
}

inline answer by_spans() {
  answer result{};
  result.loss = run(po::view(policy().chosen, policy().rejected),
                    po::view(result.gradient.chosen, result.gradient.rejected));
  return result;
}

/// `view` holds the policy's numbers: loss and gradient have the bits that contiguous memory gives.
template <class T>
void require_same_as_spans(const po::scores<T>& view) {
  const answer expected = by_spans();
  batch gradient;
  const double loss = run(view, po::view(gradient.chosen, gradient.rejected));
  REQUIRE(loss == expected.loss);
  REQUIRE(gradient.chosen == expected.gradient.chosen);
  REQUIRE(gradient.rejected == expected.gradient.rejected);
}

}  // namespace adapt_test
