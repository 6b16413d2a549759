// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/sample/concept.hpp"
#include "dynamicpo/sample/draw_counts.hpp"

/// The negative of one slot, and what is known of its distribution: for a host and a device alike.
namespace dynamicpo::inline v1::detail {

/// Draws in vain before a slot goes through all candidates.
inline constexpr int most_rejections = 32;

/// Whether an ascending list of `count` items has it.
DYNAMICPO_HD inline bool in_ascending(const sample::item* list, index count, sample::item wanted) {
  index at = 0;
  for (index left = count; left > 1;) {
    const index half = left / 2;
    at = list[at + half] <= wanted ? at + half : at;
    left -= half;
  }
  return count > 0 && list[at] == wanted;
}

/// By q among what is not excluded: the first candidate whose cumulated q passes the share of their sum; -1 when none
/// is left. \param share  in [0, 1)
template <sample::sampler Sampler, class Excluded>
DYNAMICPO_HD index among_all(const Sampler& from, double share, const Excluded& excluded) {
  double total = 0;
  for (index candidate = 0; candidate < from.candidates(); ++candidate) {
    const double q = from.probability(candidate);
    total += q > 0 && !excluded(from.item_of(candidate)) ? q : 0;
  }
  double passed = 0;
  index found = -1;
  for (index candidate = 0; candidate < from.candidates(); ++candidate) {
    const double q = from.probability(candidate);
    if (!(q > 0) || excluded(from.item_of(candidate))) { continue; }
    found = candidate;
    passed += q;
    if (share * total < passed) { break; }
  }
  return found;
}

/// The candidate of a slot: the first of 32 draws that is not excluded, else one among all that are left, else -1.
/// \param words  the slot's, from the first on.
template <sample::sampler Sampler, class Excluded>
DYNAMICPO_HD index draw_slot(const Sampler& from, sample::philox_engine words, const Excluded& excluded,
                             sample::draw_counts& counts) {
  for (int tries = 0; tries < most_rejections; ++tries) {
    const index drawn = from.draw(words);
    if (!excluded(from.item_of(drawn))) {
      ++counts.accepted;
      return drawn;
    }
    ++counts.rejected;
  }
  const index candidate = among_all(from, words.uniform(), excluded);
  counts.exhaustive += candidate < 0 ? 0 : 1;
  return candidate;
}

/// The candidate that is an item, -1 when none is.
template <sample::sampler Sampler>
DYNAMICPO_HD index candidate_of(const Sampler& from, sample::item wanted) {
  if constexpr (requires { from.candidate_of(wanted); }) {
    return from.candidate_of(wanted);
  } else {
    index low = 0;
    for (index high = from.candidates(); low < high;) {
      const index middle = low + (high - low) / 2;
      if (from.item_of(middle) < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < from.candidates() && from.item_of(low) == wanted ? low : -1;
  }
}

/// log of the q of all that is in no ascending list of `count` positives. Where little is left, it is added up: 1 - q
/// would be rounding.
template <sample::sampler Sampler>
DYNAMICPO_HD double log_probability_left(const Sampler& from, const sample::item* positives, index count) {
  double taken = 0;
  for (index i = 0; i < count; ++i) {
    if (i > 0 && positives[i] == positives[i - 1]) { continue; }
    const index candidate = candidate_of(from, positives[i]);
    taken += candidate < 0 ? 0.0 : from.probability(candidate);
  }
  if (taken <= 0.5) { return elementary::log1p(-taken); }
  double left = 0;
  for (index candidate = 0; candidate < from.candidates(); ++candidate) {
    left += in_ascending(positives, count, from.item_of(candidate)) ? 0.0 : from.probability(candidate);
  }
  return elementary::log(left);
}

/// log q of a slot's candidate, given the log of what is left for it; -inf where there is none.
template <sample::sampler Sampler>
DYNAMICPO_HD double log_probability_of(const Sampler& from, index candidate, double log_left) {
  if (candidate < 0) { return -elementary_float::infinity<double>; }
  const double log_q = elementary::log(from.probability(candidate)) - log_left;
  return log_q > 0 ? 0 : log_q;
}

}  // namespace dynamicpo::inline v1::detail
