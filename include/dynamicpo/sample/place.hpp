// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1::sample {

/// Where in the sequence of all draws a batch stands: batches that split the rows of an epoch, each with its first row,
/// draw what the whole would.
struct place {
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  index first_row = 0;

  /// \throws std::invalid_argument unless epoch and rows are below 2^32.
  void require(const char* where, index rows) const {
    constexpr std::uint64_t limit = std::uint64_t{1} << 32;
    if (epoch >= limit || first_row < 0 ||
        static_cast<std::uint64_t>(first_row) + static_cast<std::uint64_t>(rows) > limit) {
      detail::throw_invalid(where, "epoch " + std::to_string(epoch) + ", rows from " + std::to_string(first_row) +
                                       " on: expected both below 2^32");
    }
  }
};

/// \throws std::invalid_argument unless so many items are the same number for each row.
inline void require_rows(const char* where, index rows, index items) {
  if (rows < 0 || (rows == 0 ? items != 0 : items % rows != 0)) {
    detail::throw_invalid(where, "items has " + std::to_string(items) + " entries: not a whole number for each of " +
                                     std::to_string(rows) + " rows");
  }
}

}  // namespace dynamicpo::inline v1::sample
