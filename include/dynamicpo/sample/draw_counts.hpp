// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1::sample {

/// What drawing negatives took.
struct draw_counts {
  index drawn = 0;       ///< negatives written
  index accepted = 0;    ///< draws that came through
  index rejected = 0;    ///< draws that were positives or, without replacement, there already
  index exhaustive = 0;  ///< negatives found by going through all candidates, after too many rejections
  index short_rows = 0;  ///< rows with fewer than K: no candidate was left
  /// Share of draws in vain.
  double rejection_rate() const {
    const index tries = accepted + rejected;
    return tries > 0 ? static_cast<double>(rejected) / static_cast<double>(tries) : 0.0;
  }
  draw_counts& operator+=(const draw_counts& other) {
    drawn += other.drawn;
    accepted += other.accepted;
    rejected += other.rejected;
    exhaustive += other.exhaustive;
    short_rows += other.short_rows;
    return *this;
  }
};

}  // namespace dynamicpo::inline v1::sample
