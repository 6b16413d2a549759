// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "dynamicpo/result.hpp"
#include "dynamicpo/score/device_span.hpp"
#include "dynamicpo/score/scalar.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

namespace dynamicpo::inline v1 {

/// Where results go and how. Everything is optional. T is the element type of the policy scores.
template <class T, class Space = space::host>
struct outputs {
  /// Gradient of the reduced loss with respect to the policy scores, overwritten; 0 for what does not enter. Shape of
  /// the policy. May be the policy or reference memory itself (exactly in place); any other overlap is refused, among
  /// its own entries too.
  scores<T, Space> gradient{};
  /// [B] loss of each row, unreduced; 0 for empty rows, NaN for invalid ones. Must not overlap an input.
  std::span<compute_of<T>> row_loss{};
  /// By flat position: beta_i of the selected negatives, 0 elsewhere. Must not overlap an input.
  std::span<compute_of<T>> effective_beta{};
  dynamicpo::reduction reduction = reduction::mean;
  dynamicpo::nonfinite nonfinite = nonfinite::throw_;
  /// Reused between calls when given; allocated for the call otherwise.
  dynamicpo::workspace<compute_of<T>>* workspace = nullptr;
};

/// The same for device memory; nothing is returned before it is asked for, so nonfinite::throw_ throws in `get`. The
/// policy brings the workspace.
template <class T>
struct outputs<T, space::device> {
  scores<T, space::device> gradient{};
  device_span<compute_of<T>> row_loss{};
  device_span<compute_of<T>> effective_beta{};
  dynamicpo::reduction reduction = reduction::mean;
  dynamicpo::nonfinite nonfinite = nonfinite::throw_;
};

/// Where a selection goes. T is the element type of the policy scores. Nothing here may overlap the scores.
template <class T, class Space = space::host>
struct selection_outputs {
  /// The selected negatives of row b are slots[offsets[b]] .. slots[offsets[b+1]), ascending indices into its rejected.
  /// offsets: B + 1 entries; slots: one for every rejected of the batch. Both or neither.
  std::span<std::int64_t> offsets{};
  std::span<std::int32_t> slots{};
  /// [B] what decided each row; `none` for empty and invalid rows.
  std::span<selection_rule> rule{};
  /// [B] mean score of the negatives left out, of the selected ones when none is; NaN for empty and invalid rows.
  std::span<compute_of<T>> mean_rest{};
  dynamicpo::nonfinite nonfinite = nonfinite::throw_;
  dynamicpo::workspace<compute_of<T>>* workspace = nullptr;
};

/// The same for device memory; nonfinite::throw_ throws in `get`, and the policy brings the workspace. `slots` of
/// ragged rows is taken on trust.
template <class T>
struct selection_outputs<T, space::device> {
  device_span<std::int64_t> offsets{};
  device_span<std::int32_t> slots{};
  device_span<selection_rule> rule{};
  device_span<compute_of<T>> mean_rest{};
  dynamicpo::nonfinite nonfinite = nonfinite::throw_;
};

}  // namespace dynamicpo::inline v1
