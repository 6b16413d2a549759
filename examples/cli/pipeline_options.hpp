// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include <CLI/App.hpp>

#include "dynamicpo/dynamicpo.hpp"

namespace cli {

/// What --select names, decided at run time: one selection to the library.
struct named_selection {
  using any = std::variant<dynamicpo::select::all, dynamicpo::select::boundary, dynamicpo::select::violators,
                           dynamicpo::select::top_k, dynamicpo::select::random_k>;
  any which;

  template <class T>
  dynamicpo::selection_rule operator()(const dynamicpo::select::row_scores<T>& row, std::span<std::uint8_t> selected,
                                       dynamicpo::select::scratch<T>& scratch) const {
    return std::visit([&](const auto& select) { return select(row, selected, scratch); }, which);
  }
};

/// What --dynamic decides.
struct named_beta {
  static constexpr bool needs_rest = true;
  std::variant<dynamicpo::beta::fixed, dynamicpo::beta::dual_margin> which;

  template <class T>
  T operator()(const dynamicpo::beta::context<T>& context) const {
    return std::visit([&](const auto& beta) { return beta(context); }, which);
  }
};

/// The options of a loss but for its objective.
struct pipeline_options {
  bool dynamic = false;
  bool reference_free = false;
  std::string select;  ///< empty: boundary with --dynamic, all without
  double beta = 1.0, gamma = 6.0, alpha = 0.5;
  std::uint64_t seed = 0;

  void add_to(CLI::App& command);
  /// Says on standard error which given options decide nothing: most likely a mistake.
  void note_unused(const CLI::App& command) const;

  /// Whether a row's negatives are chosen among, so that the choice is a result.
  bool selects() const;
  /// `first_row`: rows before the batch, for draws that do not depend on where batches begin.
  named_selection selection(dynamicpo::index first_row) const;
  named_beta beta_rule() const;
};

}  // namespace cli
