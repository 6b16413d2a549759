// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "dynamicpo/sample/concept.hpp"

namespace dynamicpo::inline v1::sample {

/// One of two samplers over the same candidates at each draw: q = share q_1 + (1 - share) q_2.
template <sampler First, sampler Second>
class mixed {
 public:
  /// \throws std::invalid_argument when `share` is no probability, or the candidates differ in number.
  mixed(double share, First first, Second second) : share_{share}, first_{first}, second_{second} {
    if (!(share >= 0 && share <= 1)) {
      detail::throw_invalid("sample::mixed", "share is " + std::to_string(share) + ", expected a probability");
    }
    if (first.candidates() != second.candidates()) {
      detail::throw_invalid("sample::mixed", "the first has " + std::to_string(first.candidates()) +
                                                 " candidates, the second " + std::to_string(second.candidates()));
    }
  }

  DYNAMICPO_HD index candidates() const { return first_.candidates(); }
  DYNAMICPO_HD index draw(philox_engine& words) const {
    return words.uniform() < share_ ? first_.draw(words) : second_.draw(words);
  }
  DYNAMICPO_HD double probability(index candidate) const {
    return share_ * first_.probability(candidate) + (1 - share_) * second_.probability(candidate);
  }
  DYNAMICPO_HD item item_of(index candidate) const { return first_.item_of(candidate); }
  DYNAMICPO_HD index candidate_of(item wanted) const requires requires(const First& first) {
    first.candidate_of(wanted);
  }
  { return first_.candidate_of(wanted); }

 private:
  double share_;
  First first_;
  Second second_;
};

}  // namespace dynamicpo::inline v1::sample
