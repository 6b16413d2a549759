// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/sample/concept.hpp"

namespace dynamicpo::inline v1::sample {

/// Items in order of popularity, most popular first: q(i) = log((i + 2) / (i + 1)) / log(n + 1) for items 0 .. n - 1.
/// No table; two words a draw. Source: TensorFlow's log-uniform candidate sampler, its definition.
class log_uniform {
 public:
  /// \throws std::invalid_argument when there is no item, or more than ids.
  explicit log_uniform(index items) : items_{items}, logarithm_{detail::elementary::log1p(static_cast<double>(items))} {
    if (items < 1 || items > index{1} << 31) {
      detail::throw_invalid("sample::log_uniform", std::to_string(items) + " items, expected 1 to 2^31");
    }
  }

  DYNAMICPO_HD index candidates() const { return items_; }
  DYNAMICPO_HD index draw(philox_engine& words) const {
    // By our own e^x: no two libraries for numbers agree on its last bit.
    const index place = static_cast<index>(detail::elementary::exp(words.uniform() * logarithm_)) - 1;
    return place < 0 ? 0 : place < items_ ? place : items_ - 1;
  }
  DYNAMICPO_HD double probability(index candidate) const {
    return detail::elementary::log1p(1.0 / (static_cast<double>(candidate) + 1.0)) / logarithm_;
  }
  DYNAMICPO_HD item item_of(index candidate) const { return static_cast<item>(candidate); }
  DYNAMICPO_HD index candidate_of(item wanted) const { return wanted >= 0 && wanted < items_ ? index{wanted} : -1; }

 private:
  index items_;
  double logarithm_;
};

}  // namespace dynamicpo::inline v1::sample
