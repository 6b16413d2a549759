// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "twins/packs.hpp"
#include "twins/raw.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

namespace bench::raw {

/// -log sigmoid(z) and sigmoid(-z).
template <class T>
struct link {
  pack<T> loss, slope;

  explicit link(const pack<T>& z) {
    const pack<T> e = exp<T>(z < T(0) ? z : -z);
    loss = (z < T(0) ? -z : all(T(0))) + log1p<T>(e);
    slope = (z < T(0) ? all(T(1)) : e) / (T(1) + e);
  }
};

/// Runs `block(rows, scratch)` over one pack of rows at a time and sums up the row losses. A block may read and write
/// up to a pack past its rows, so the last ones go through a copy with room behind it. `scratch` holds K and a pack of
/// entries for each row of a block.
template <class T, class Block>
double by_blocks(const dense_rows<T>& rows, std::int64_t first, std::int64_t last, Block block) {
  constexpr std::int64_t n = width<T>;
  const std::int64_t k = rows.negatives;
  std::vector<T> scratch(static_cast<std::size_t>(n * (k + n)));
  const auto from = [&](std::int64_t row) {
    return dense_rows<T>{rows.chosen + row,
                         rows.rejected + row * k,
                         rows.reference_chosen + row,
                         rows.reference_rejected + row * k,
                         rows.gradient_chosen + row,
                         rows.gradient_rejected + row * k,
                         rows.row_loss + row,
                         k,
                         rows.scale};
  };
  double total = 0;
  std::int64_t row = first;
  for (; row + n <= last && (row + n) * k + n <= last * k; row += n) {
    const dense_rows<T> at = from(row);
    block(at, scratch.data());
    for (std::int64_t i = 0; i < n; ++i) { total += static_cast<double>(at.row_loss[i]); }
  }

  std::vector<T> small(static_cast<std::size_t>(4 * n)), large(static_cast<std::size_t>(3 * (n * k + n)));
  T* const chosen = small.data();
  T* const rejected = large.data();
  const std::int64_t room = n * k + n;
  for (; row < last; row += n) {
    const std::int64_t count = std::min(n, last - row);
    const dense_rows<T> at = from(row);
    const dense_rows<T> copy{chosen,         rejected, chosen + n, rejected + room, chosen + 2 * n, rejected + 2 * room,
                             chosen + 3 * n, k,        rows.scale};
    std::copy_n(at.chosen, count, chosen);
    std::copy_n(at.reference_chosen, count, chosen + n);
    std::copy_n(at.rejected, count * k, rejected);
    std::copy_n(at.reference_rejected, count * k, rejected + room);
    block(copy, scratch.data());
    std::copy_n(copy.gradient_chosen, count, at.gradient_chosen);
    std::copy_n(copy.gradient_rejected, count * k, at.gradient_rejected);
    std::copy_n(copy.row_loss, count, at.row_loss);
    for (std::int64_t i = 0; i < count; ++i) { total += static_cast<double>(copy.row_loss[i]); }
  }
  return total;
}

/// visit(k, lanes of the row) over packs of one row; the lanes of the last one may end before the pack does.
template <class T, class Visit>
inline void along_row(std::int64_t negatives, Visit visit) {
  std::int64_t k = 0;
  for (; k + width<T> <= negatives; k += width<T>) { visit(k, ~mask<T>{}); }
  if (k < negatives) { visit(k, first_lanes<T>(negatives - k)); }
}

template <class T>
struct sum_of {
  pack<T> operator()(const pack<T>& a, const pack<T>& b) const { return a + b; }
};
template <class T>
struct max_of {
  pack<T> operator()(const pack<T>& a, const pack<T>& b) const { return a > b ? a : b; }
};

}  // namespace bench::raw

#pragma GCC diagnostic pop
