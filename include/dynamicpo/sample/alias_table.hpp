// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "dynamicpo/sample/concept.hpp"

namespace dynamicpo::inline v1::sample {

/// Draws by weight: O(n) to build, O(1) a draw. What has no weight is never drawn.
/// Source: Walker, 1977; Vose, "A linear algorithm for generating random numbers with a given distribution", 1991.
class alias_table {
 public:
  /// \throws std::invalid_argument when a weight is negative or not finite, or they add up to 0 or to no number.
  explicit alias_table(std::span<const double> weights) : slots_(weights.size()) {
    const auto refuse = [](const std::string& what) { detail::throw_invalid("sample::alias_table", what); };
    if (weights.size() > std::size_t{1} << 31) { refuse("more weights than ids"); }
    double greatest = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (!(weights[i] >= 0) || !std::isfinite(weights[i])) {
        refuse("weight " + std::to_string(i) + " is " + std::to_string(weights[i]) + ", expected a number from 0 up");
      }
      greatest = std::max(greatest, weights[i]);
    }
    if (!(greatest > 0)) { refuse("the weights add up to 0"); }
    // By the greatest, so that no sum overflows.
    double total = 0;
    for (const double weight : weights) { total += weight / greatest; }
    probability_.reserve(weights.size());
    for (const double weight : weights) { probability_.push_back(weight / greatest / total); }
    build();
  }

  index size() const { return static_cast<index>(slots_.size()); }
  double probability(index i) const { return probability_[static_cast<std::size_t>(i)]; }
  /// Four words.
  index draw(philox_engine& words) const {
    const auto own = words.below_wide(static_cast<std::uint32_t>(slots_.size()));
    const slot& drawn = slots_[own];
    // Without a branch, which would be taken wrong as often as right and make the next draw's access wait.
    const std::uint32_t use_other = words.uniform() < drawn.share ? 0u : ~0u;
    return static_cast<index>(own ^ ((own ^ drawn.other) & use_other));
  }

 private:
  /// Of each slot, which all are drawn alike, `share` is its own candidate's and the rest another's. Side by side: one
  /// access to memory a draw.
  struct slot {
    double share;
    std::uint32_t other;
  };

  void build() {
    const auto n = static_cast<double>(slots_.size());
    std::vector<std::uint32_t> light, heavy;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i] = {probability_[i] * n, static_cast<std::uint32_t>(i)};
      (slots_[i].share < 1 ? light : heavy).push_back(static_cast<std::uint32_t>(i));
    }
    while (!light.empty() && !heavy.empty()) {
      const std::uint32_t poor = light.back(), rich = heavy.back();
      light.pop_back();
      slots_[poor].other = rich;
      slots_[rich].share -= 1 - slots_[poor].share;
      if (slots_[rich].share < 1) {
        heavy.pop_back();
        light.push_back(rich);
      }
    }
    // Rounding may leave some over: they are whole, but for those without weight.
    const auto most =
        static_cast<std::uint32_t>(std::max_element(probability_.begin(), probability_.end()) - probability_.begin());
    for (const auto* rest : {&light, &heavy}) {
      for (const std::uint32_t i : *rest) {
        const bool drawn = probability_[i] > 0;
        slots_[i] = {drawn ? 1.0 : 0.0, drawn ? i : most};
      }
    }
  }

  std::vector<double> probability_;
  std::vector<slot> slots_;
};

}  // namespace dynamicpo::inline v1::sample
