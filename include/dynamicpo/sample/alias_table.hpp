// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynamicpo/sample/concept.hpp"

namespace dynamicpo::inline v1::sample {

/// What an alias_table draws from, wherever its memory lies. Owns nothing.
struct alias_view {
  const std::uint64_t* slots;
  const double* probabilities;
  index count;
  int id_bits;

  DYNAMICPO_HD index size() const { return count; }
  DYNAMICPO_HD double probability(index i) const { return probabilities[i]; }
  /// Four words. The bias of any candidate is below n / 2^62.
  DYNAMICPO_HD index draw(philox_engine& words) const {
    const auto own = words.below_wide(static_cast<std::uint32_t>(count));
    const std::uint64_t high = words(), low = words(), slot = slots[own];
    const auto other = static_cast<std::uint32_t>(slot & ((std::uint64_t{1} << id_bits) - 1));
    // Without a branch, which would be taken wrong as often as right and make the next draw's access wait.
    const std::uint32_t use_other = (high << 32 | low) >> id_bits < slot >> id_bits ? 0u : ~0u;
    return static_cast<index>(own ^ ((own ^ other) & use_other));
  }
  /// Asks memory for what draw(words) reads.
  DYNAMICPO_INLINE void prefetch(philox_engine words) const {
    __builtin_prefetch(&slots[words.below_wide(static_cast<std::uint32_t>(count))]);
  }
};

/// Draws by weight: O(n) to build, O(1) a draw. What has no weight is never drawn.
/// Source: Walker, 1977; Vose, "A linear algorithm for generating random numbers with a given distribution", 1991.
class alias_table {
 public:
  /// \throws std::invalid_argument when a weight is negative or not finite, or they add up to 0 or to no number.
  explicit alias_table(std::span<const double> weights)
      : slots_(weights.size()), id_bits_(std::max(1, static_cast<int>(std::bit_width(weights.size())))) {
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
  double probability(index i) const { return view().probability(i); }
  index draw(philox_engine& words) const { return view().draw(words); }
  DYNAMICPO_INLINE void prefetch(const philox_engine& words) const { view().prefetch(words); }

  /// What draws read: 8 bytes a candidate, and 8 for its probability.
  std::span<const std::uint64_t> slots() const { return slots_; }
  std::span<const double> probabilities() const { return probability_; }
  alias_view view() const { return view_at(slots_.data(), probability_.data()); }
  /// The same draws from copies of `slots` and `probabilities` elsewhere.
  alias_view view_at(const std::uint64_t* slots, const double* probabilities) const {
    return {slots, probabilities, size(), id_bits_};
  }

 private:
  void build() {
    const auto n = static_cast<double>(slots_.size());
    std::vector<double> share(slots_.size());
    std::vector<std::uint32_t> light, heavy, other(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      share[i] = probability_[i] * n;
      other[i] = static_cast<std::uint32_t>(i);
      (share[i] < 1 ? light : heavy).push_back(other[i]);
    }
    while (!light.empty() && !heavy.empty()) {
      const std::uint32_t poor = light.back(), rich = heavy.back();
      light.pop_back();
      other[poor] = rich;
      share[rich] -= 1 - share[poor];
      if (share[rich] < 1) {
        heavy.pop_back();
        light.push_back(rich);
      }
    }
    // Rounding may leave some over: they are whole, but for those without weight.
    const auto most =
        static_cast<std::uint32_t>(std::max_element(probability_.begin(), probability_.end()) - probability_.begin());
    for (const auto* rest : {&light, &heavy}) {
      for (const std::uint32_t i : *rest) { share[i] = 0, other[i] = probability_[i] > 0 ? i : most; }
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      // A share may be rounded below 0.
      slots_[i] = static_cast<std::uint64_t>(std::ldexp(std::max(share[i], 0.0), 64 - id_bits_)) << id_bits_ | other[i];
    }
  }

  std::vector<double> probability_;
  // Slots are drawn alike. Of each, so many 2^(id_bits - 64) as its upper bits say are its own candidate's and the rest
  // is the candidate's that its id_bits_ lower ones name. In 8 bytes: a draw is an access to memory.
  std::vector<std::uint64_t> slots_;
  int id_bits_;
};

}  // namespace dynamicpo::inline v1::sample
