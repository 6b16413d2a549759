// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cases/bench_case.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/score/scores.hpp"

namespace bench {

/// Scores of a policy and a reference, and room for every output.
template <class T>
struct batch {
  std::int64_t rows = 0, negatives = 0;
  std::vector<T> chosen, rejected, reference_chosen, reference_rejected;
  std::vector<T> gradient_chosen, gradient_rejected, row_loss;
  std::vector<std::int64_t> offsets;  ///< ragged rows alone
  std::vector<std::uint8_t> mask;     ///< masked rows alone
  std::vector<std::int64_t> selected_offsets;
  std::vector<std::int32_t> selected_slots;

  auto policy() const {
    const auto scores = viewed(chosen, rejected);
    return mask.empty() ? scores : scores.with_mask(mask);
  }
  auto reference() const { return viewed(reference_chosen, reference_rejected); }
  auto gradient() { return viewed(gradient_chosen, gradient_rejected); }

 private:
  auto viewed(auto& first, auto& second) const {
    return offsets.empty() ? dynamicpo::view(first, second) : dynamicpo::view(first, second, offsets);
  }
};

namespace detail {

/// Draws by coordinates, so that a batch is the same whatever else is generated.
struct draws {
  std::uint32_t stream;

  std::array<std::uint32_t, 4> block(std::uint64_t i) const {
    return dynamicpo::sample::philox4x32(
        {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32), stream, 0}, {20260500u, 327u});
  }
  std::uint32_t below(std::uint64_t i, std::uint32_t bound) const {
    return dynamicpo::sample::bounded(block(i)[0], bound);
  }
  /// Nearly Gaussian, mean 0, variance 1: the sum of four uniforms.
  double gaussian(std::uint64_t i) const {
    const auto words = block(i);
    const double sum = (static_cast<double>(words[0]) + words[1]) + (static_cast<double>(words[2]) + words[3]);
    return (sum * 0x1p-32 - 2.0) * 1.7320508075688772;
  }
};

// Lengths K - d and K + d by turns, d up to K / 2: as many scores in all as dense rows have.
inline std::vector<std::int64_t> ragged_offsets(std::int64_t rows, std::int64_t negatives) {
  const draws spread{1};
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(rows) + 1);
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto pair = static_cast<std::uint64_t>(row / 2);
    const std::int64_t difference = spread.below(pair, static_cast<std::uint32_t>(negatives / 2 + 1));
    const bool alone = row % 2 == 0 && row + 1 == rows;
    const auto at = static_cast<std::size_t>(row);
    offsets[at + 1] = offsets[at] + negatives + (alone ? 0 : row % 2 == 0 ? -difference : difference);
  }
  return offsets;
}

}  // namespace detail

/// Policy scores around -12, log-ratios around 0, standard deviations 2 and 1. `violators` percent of the rows, in no
/// order, have a violator: there the chosen is one more draw, half a deviation above the mean but at most the highest
/// rejected; in the others it is above all of them. A quarter of masked rows is masked out, never their first.
template <class T>
batch<T> make_batch(const bench_case& wanted) {
  batch<T> made;
  made.rows = rows_of(wanted);
  made.negatives = wanted.negatives;
  const auto rows = static_cast<std::size_t>(made.rows);
  const auto entries = rows * static_cast<std::size_t>(wanted.negatives);
  for (auto* array : {&made.chosen, &made.reference_chosen, &made.gradient_chosen, &made.row_loss}) {
    array->resize(rows);
  }
  for (auto* array : {&made.rejected, &made.reference_rejected, &made.gradient_rejected}) { array->resize(entries); }
  if (wanted.layout == layout::ragged) { made.offsets = detail::ragged_offsets(made.rows, made.negatives); }
  if (wanted.work == work::select) {
    made.selected_offsets.resize(rows + 1);
    made.selected_slots.resize(entries);
  }

  const detail::draws score{2}, ratio{3}, masking{4}, violating{5};
  if (wanted.layout == layout::masked) { made.mask.resize(entries); }
  const auto policy = made.policy();
  for (std::size_t row = 0; row < rows; ++row) {
    const auto first = static_cast<std::size_t>(policy.flat(static_cast<std::int64_t>(row)));
    const auto end = first + static_cast<std::size_t>(policy.negatives(static_cast<std::int64_t>(row)));
    double highest = -1e30;
    for (std::size_t i = first; i < end; ++i) {
      const double drawn = -12.0 + 2.0 * score.gaussian(i);
      made.rejected[i] = static_cast<T>(drawn);
      made.reference_rejected[i] = static_cast<T>(drawn + ratio.gaussian(i));
      if (wanted.layout == layout::masked) { made.mask[i] = i == first || masking.below(i, 4) != 0 ? 1 : 0; }
      if (made.mask.empty() || made.mask[i] != 0) {
        highest = std::max(highest, static_cast<double>(made.rejected[i]));
      }
    }
    const bool violated = static_cast<int>(violating.below(row, 100)) < wanted.violators;
    const double drawn = score.gaussian(entries + row);
    made.chosen[row] =
        static_cast<T>(violated ? std::min(highest, -11.0 + 2.0 * drawn) : highest + 0.5 + 0.125 * drawn);
    made.reference_chosen[row] = static_cast<T>(static_cast<double>(made.chosen[row]) + ratio.gaussian(entries + row));
  }
  return made;
}

}  // namespace bench
