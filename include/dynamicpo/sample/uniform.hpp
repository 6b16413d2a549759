// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "dynamicpo/sample/concept.hpp"

namespace dynamicpo::inline v1::sample {

/// Every item of a catalogue alike: q = 1 / n for items 0 .. n - 1. Two words a draw, and a bias below n / 2^64.
class uniform {
 public:
  /// \throws std::invalid_argument when there is no item, or more than ids.
  explicit uniform(index items) : items_{items} {
    if (items < 1 || items > index{1} << 31) {
      detail::throw_invalid("sample::uniform", std::to_string(items) + " items, expected 1 to 2^31");
    }
  }

  DYNAMICPO_HD index candidates() const { return items_; }
  DYNAMICPO_HD index draw(philox_engine& words) const {
    return static_cast<index>(words.below_wide(static_cast<std::uint32_t>(items_)));
  }
  DYNAMICPO_HD double probability(index) const { return 1.0 / static_cast<double>(items_); }
  DYNAMICPO_HD item item_of(index candidate) const { return static_cast<item>(candidate); }
  DYNAMICPO_HD index candidate_of(item wanted) const { return wanted >= 0 && wanted < items_ ? index{wanted} : -1; }

 private:
  index items_;
};

}  // namespace dynamicpo::inline v1::sample
