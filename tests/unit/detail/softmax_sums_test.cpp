// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/softmax_sums.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// One logit.
detail::softmax_sums of(double logit, dynamicpo::index place) {
  detail::softmax_sums sums;
  if (logit > -infinity) {
    sums.climb(logit, place);
  } else if (!(logit == logit)) {
    sums.spoil();
  }
  return sums;
}

/// By a tree whose shape and order `random` decides.
detail::softmax_sums merged(std::vector<detail::softmax_sums> parts, dynamicpo::sample::philox_engine& random) {
  while (parts.size() > 1) {
    const std::size_t a = random.below(static_cast<std::uint32_t>(parts.size()));
    detail::softmax_sums last = parts.back();
    parts.pop_back();
    if (a < parts.size()) {
      parts[a].merge(last);
    } else {
      parts[0].merge(last);
    }
  }
  return parts[0];
}

}  // namespace

TEST_CASE("softmax_sums merged in any order are the sums") {
  dynamicpo::sample::philox_engine random{9};
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<detail::softmax_sums> parts;
    std::vector<double> logits;
    const double scale = trial % 3 == 0 ? 0.5 : trial % 3 == 1 ? 20 : 400;
    for (std::uint32_t i = 0; i < 1 + random.below(40); ++i) {
      const double drawn = std::round(scale * (random.uniform() - 0.5)) + (trial % 2 == 0 ? 0 : random.uniform());
      logits.push_back(random.below(10) == 0 ? -infinity : drawn);
      parts.push_back(of(logits.back(), static_cast<dynamicpo::index>(i)));
    }
    std::size_t best = 0;
    for (std::size_t i = 1; i < logits.size(); ++i) { best = logits[best] < logits[i] ? i : best; }
    if (!(logits[best] > -infinity)) { continue; }
    long double rest = 0, weighted = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const long double distance = static_cast<long double>(logits[i]) - static_cast<long double>(logits[best]);
      const long double weight = std::exp(distance);
      rest += i == best ? 0 : weight;
      weighted += weight > 0 ? weight * distance : 0;
    }
    const auto found = merged(parts, random);
    CAPTURE(trial, logits.size());
    REQUIRE(found.most == logits[best]);
    REQUIRE(found.argmax == static_cast<dynamicpo::index>(best));
    REQUIRE(std::abs(found.rest - static_cast<double>(rest)) <= 1e-13 * static_cast<double>(rest));
    REQUIRE(std::abs(found.weighted - static_cast<double>(weighted)) <=
            1e-12 * std::abs(static_cast<double>(weighted)));
  }
}

TEST_CASE("softmax_sums: NaN and +inf spoil a merger wherever they stand; none possible has no sums") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), infinity}) {
    for (const bool first : {false, true}) {
      auto a = first ? of(bad, 0) : of(2, 0);
      a.merge(first ? of(2, 1) : of(bad, 1));
      REQUIRE(std::isnan(a.log_sum()));
      REQUIRE(std::isnan(a.log_probability(2)));
    }
  }
  auto none = of(-infinity, 0);
  none.merge(of(-infinity, 1));
  REQUIRE((none.most == -infinity && none.argmax == -1 && none.rest == 0));
  none.merge(of(3, 2));
  REQUIRE((none.log_sum() == 3 && none.argmax == 2 && none.entropy() == 0));
}
