// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

/// Hand-written twins: the best loop known for one case each, beta 1, the paper's alpha and gamma. No checks, no odd
/// inputs, nothing general: the price of generality is what they are there to show.
namespace bench::raw {

/// Dense contiguous rows and their outputs.
template <class T>
struct dense_rows {
  const T* chosen;
  const T* rejected;
  const T* reference_chosen;
  const T* reference_rejected;
  T* gradient_chosen;
  T* gradient_rejected;
  T* row_loss;
  std::int64_t negatives;
  T scale;  ///< 1 / B
};

/// Gradient of the mean, row losses, and the sum of the row losses as result, of rows [first, last).
template <class T>
using twin = double (*)(const dense_rows<T>& rows, std::int64_t first, std::int64_t last);

template <class T>
double dmpo(const dense_rows<T>& rows, std::int64_t first, std::int64_t last);
template <class T>
double sdpo(const dense_rows<T>& rows, std::int64_t first, std::int64_t last);
template <class T>
double mppo(const dense_rows<T>& rows, std::int64_t first, std::int64_t last);
/// The twin of DynamicPO-DMPO for K in {5, 15}; null otherwise.
template <class T>
twin<T> dmpo_dynamic(std::int64_t negatives);

}  // namespace bench::raw
