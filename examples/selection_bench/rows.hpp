// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/score/scores.hpp"

namespace selection_bench {

/// Policy scores of some rows, in the library's ragged layout.
struct score_rows {
  std::vector<double> chosen{}, rejected{};
  std::vector<std::int64_t> offsets{0};

  std::size_t rows() const { return chosen.size(); }
  auto view() const { return dynamicpo::view(chosen, rejected, offsets); }
  std::span<const double> rejected_of(std::size_t row) const { return slice(rejected, row); }
  /// The row's part of an array by flat position.
  template <class T>
  std::span<const T> slice(const std::vector<T>& flat, std::size_t row) const {
    return std::span{flat}.subspan(static_cast<std::size_t>(offsets[row]),
                                   static_cast<std::size_t>(offsets[row + 1] - offsets[row]));
  }

  void add(double chosen_score, std::span<const double> rejected_scores) {
    chosen.push_back(chosen_score);
    rejected.insert(rejected.end(), rejected_scores.begin(), rejected_scores.end());
    offsets.push_back(static_cast<std::int64_t>(rejected.size()));
  }
};

/// Negatives chosen of each row: those of row b are slots[offsets[b]] .. slots[offsets[b + 1]), ascending.
struct selected_lists {
  std::vector<std::int64_t> offsets{};
  std::vector<std::int32_t> slots{};

  std::span<const std::int32_t> of(std::size_t row) const {
    return std::span{slots}.subspan(static_cast<std::size_t>(offsets[row]),
                                    static_cast<std::size_t>(offsets[row + 1] - offsets[row]));
  }
};

/// 1 for what is selected, by flat position.
inline std::vector<std::uint8_t> flags_of(const score_rows& rows, const selected_lists& selected) {
  std::vector<std::uint8_t> flags(rows.rejected.size());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (const std::int32_t slot : selected.of(row)) flags[static_cast<std::size_t>(rows.offsets[row] + slot)] = 1;
  }
  return flags;
}

}  // namespace selection_bench
