// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "dynamicpo/sample/alias_table.hpp"

namespace dynamicpo::inline v1::sample {

/// A `popularity` over memory that it does not own.
class popularity_view {
 public:
  explicit popularity_view(const alias_view& table) : table_{table} {}

  DYNAMICPO_HD index candidates() const { return table_.size(); }
  DYNAMICPO_HD index draw(philox_engine& words) const { return table_.draw(words); }
  DYNAMICPO_INLINE void prefetch(const philox_engine& words) const { table_.prefetch(words); }
  DYNAMICPO_HD double probability(index candidate) const { return table_.probability(candidate); }
  DYNAMICPO_HD item item_of(index candidate) const { return static_cast<item>(candidate); }
  DYNAMICPO_HD index candidate_of(item wanted) const {
    return wanted >= 0 && wanted < table_.size() ? index{wanted} : -1;
  }

 private:
  alias_view table_;
};

/// Items 0 .. n - 1 by a power of their number of interactions: q(i) = count_i^alpha / sum of count_j^alpha. What was
/// never interacted with is never drawn, whatever alpha. Build O(n), draw O(1).
/// alpha = 3/4: Mikolov et al., "Distributed representations of words and phrases", NIPS 2013.
class popularity {
 public:
  /// \throws std::invalid_argument when counts are negative or not finite or all 0, or alpha is not finite.
  template <class Count>
  explicit popularity(std::span<const Count> counts, double alpha = 0.75) : table_{weights(counts, alpha)} {}

  index candidates() const { return table_.size(); }
  index draw(philox_engine& words) const { return table_.draw(words); }
  DYNAMICPO_INLINE void prefetch(const philox_engine& words) const { table_.prefetch(words); }
  double probability(index candidate) const { return table_.probability(candidate); }
  item item_of(index candidate) const { return view().item_of(candidate); }
  index candidate_of(item wanted) const { return view().candidate_of(wanted); }

  /// Copy its `slots` and `probabilities` to a device, and `view_at` draws there what this draws here.
  const alias_table& table() const { return table_; }
  popularity_view view() const { return popularity_view(table_.view()); }
  popularity_view view_at(const std::uint64_t* slots, const double* probabilities) const {
    return popularity_view(table_.view_at(slots, probabilities));
  }

 private:
  template <class Count>
  static std::vector<double> weights(std::span<const Count> counts, double alpha) {
    if (!std::isfinite(alpha)) {
      detail::throw_invalid("sample::popularity", "alpha is " + std::to_string(alpha) + ", expected a number");
    }
    // By the greatest count, so that no power overflows.
    double greatest = 0;
    for (const Count& count : counts) { greatest = std::max(greatest, static_cast<double>(count)); }
    std::vector<double> made;
    made.reserve(counts.size());
    for (const Count& count : counts) {
      const auto number = static_cast<double>(count);
      made.push_back(number > 0 && std::isfinite(greatest) ? std::pow(number / greatest, alpha) : number);
      if (std::isinf(made.back()) && std::isfinite(number)) {
        detail::throw_invalid("sample::popularity", "alpha is " + std::to_string(alpha) + ": too low for item " +
                                                        std::to_string(made.size() - 1) + ", whose count " +
                                                        std::to_string(number) + " is so far below " +
                                                        std::to_string(greatest));
      }
    }
    return made;
  }

  alias_table table_;
};

}  // namespace dynamicpo::inline v1::sample
