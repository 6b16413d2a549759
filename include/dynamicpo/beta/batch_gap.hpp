// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dynamicpo/beta/fixed.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/overlap.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/sample/philox.hpp"

namespace dynamicpo::inline v1::beta {

/// What `batch_gap` remembers between batches: mean and population variance of all gaps so far, a batch t batches ago
/// with weight momentum^t. A new one remembers nothing. Plain numbers, trivially copyable: written out exactly (its
/// bytes, or 17 significant digits) and read back, training goes on to the bit.
struct gap_state {
  double mean = 0;      ///< M0, nats; unbiased from the first batch on
  double variance = 0;  ///< about `mean`, nats^2
  double weight = 0;    ///< 1 - momentum^batches, what an average that starts at 0 is divided by
  std::int64_t batches = 0;

  friend constexpr bool operator==(const gap_state&, const gap_state&) = default;
};

/// What a batch gets.
struct gap_calibration {
  fixed beta;                                                  ///< for a pipeline
  double mean_gap = std::numeric_limits<double>::quiet_NaN();  ///< of the rows kept; NaN without any
  index usable_rows = 0;                                       ///< rows with a finite gap
  index kept_rows = 0;                                         ///< of these; at least one if there is one
};

/// beta-DPO's rule: one beta for a batch, by how far its mean gap lies from the running mean M0,
///   beta = base clamp(1 + alpha (mean gap of the rows kept - M0), least, most).
/// The gap of a row is rho_w - mean of rho_i in nats (`row_gaps`); with one negative it is the paper's. M0 and the
/// variance include the batch itself, so the first batch, if nothing is filtered, has beta = base.
///
/// The line crosses 0 at M0 - 1/alpha, where a loss would turn round, so beta never falls below base * least; `most`
/// keeps an outlier from a beta that no float holds. Both are relative to base: the published 1e-3 at base 0.1.
///
/// keep < 1 filters: max(1, floor(keep n)) of n usable rows are drawn without replacement with weights
/// exp(-(gap - M0)^2 / (2 variance)), by the smallest keys log(exponential variate) - log(weight), which no distance
/// underflows. Without any variance all weigh alike.
///
/// Source: Wu et al., "beta-DPO: Direct Preference Optimization with Dynamic beta" (arXiv 2407.08639); alpha and
/// momentum are theirs. Here M0 is corrected for its start at 0, and the variance is that about M0 instead of the mean
/// of deviations inside each batch: batches of one row have it too.
struct batch_gap {
  double base = 1.0;      ///< above 0
  double alpha = 0.6;     ///< per nat of gap, at least 0
  double momentum = 0.9;  ///< of the running statistics, in [0, 1)
  double keep = 1.0;      ///< share of rows kept, in (0, 1]; 0.8 as published, 1: no filtering
  double least = 0.01;    ///< of base, in (0, 1]
  double most = 100.0;    ///< of base, at least 1
  std::uint64_t seed = 0;

  /// Takes a batch into `state` and gives its beta, a constant to the gradient: to be called once a step, with the gaps
  /// of the whole batch, before the loss.
  /// \param gaps [B] nats. NaN and infinities (rows that are empty or invalid) take no part; beyond +-2^400 a gap
  ///             counts as that, so that no sum overflows. Without a usable row the state stays and beta is base.
  /// \param kept [B], overwritten: 0 for rows filtered out, else 1; rows that take no part stay, so that the loss says
  ///             what is wrong with them. May be empty unless keep < 1. Must not overlap gaps.
  /// \throws std::invalid_argument for members, a state or sizes that are not as said, before anything is written.
  /// Draws are a pure function of (seed, state.batches, row). One thread, sums in order of rows: the same bits always.
  /// Cost O(B); allocates 16 B bytes when keep < 1, else nothing.
  gap_calibration update(gap_state& state, std::span<const double> gaps, std::span<std::uint8_t> kept = {}) const {
    require_valid(state);
    if (kept.size() != gaps.size() && !(kept.empty() && keep == 1)) {
      detail::throw_invalid(
          where, "kept is [" + std::to_string(kept.size()) + "], gaps is [" + std::to_string(gaps.size()) + "]");
    }
    detail::require_apart(where, "kept", kept, "gaps", detail::lattice::of(gaps));

    std::fill(kept.begin(), kept.end(), std::uint8_t{1});
    gap_calibration found{.beta = {.base = base}};
    const moments all = moments_of(gaps, {});
    if (all.rows == 0) { return found; }
    const gap_state next = after(state, all);
    found.usable_rows = all.rows;
    found.kept_rows = rows_to_keep(all.rows);
    found.mean_gap = all.mean;
    if (found.kept_rows < all.rows) {
      filter(next, static_cast<std::uint64_t>(state.batches), gaps, found.kept_rows, kept);
      found.mean_gap = moments_of(gaps, kept).mean;
    }
    found.beta.base = base * std::clamp(1 + alpha * (found.mean_gap - next.mean), least, most);
    state = next;
    return found;
  }

 private:
  static constexpr const char* where = "beta::batch_gap";
  static constexpr double largest = 0x1p400;
  // A key of its own: other draws are under the seed.
  static constexpr std::uint64_t draws = 0x6265746167617073;

  struct moments {
    double mean = 0, variance = 0;
    index rows = 0;
  };

  static bool usable(double gap) { return detail::elementary::isfinite(gap); }
  static double bounded(double gap) { return std::clamp(gap, -largest, largest); }

  /// Of the usable rows that are kept, all where `kept` is empty. Relative to the first: of equal gaps, exact.
  static moments moments_of(std::span<const double> gaps, std::span<const std::uint8_t> kept) {
    moments found;
    double first = 0, sum = 0, squares = 0;
    const auto for_each = [&](const auto& visit) {
      for (std::size_t row = 0; row < gaps.size(); ++row) {
        if (usable(gaps[row]) && (kept.empty() || kept[row] != 0)) { visit(bounded(gaps[row])); }
      }
    };
    for_each([&](double gap) {
      if (found.rows++ == 0) { first = gap; }
      sum += gap - first;
    });
    if (found.rows == 0) { return found; }
    const auto count = static_cast<double>(found.rows);
    found.mean = first + sum / count;
    for_each([&](double gap) { squares += (gap - found.mean) * (gap - found.mean); });
    found.variance = squares / count;
    return found;
  }

  /// Mean and variance of two weighted populations, one on the other.
  gap_state after(const gap_state& state, const moments& batch) const {
    const double weight = momentum * state.weight + (1 - momentum);
    const double share = (1 - momentum) / weight, step = batch.mean - state.mean;
    return {.mean = state.mean + share * step,
            .variance = (1 - share) * (state.variance + share * step * step) + share * batch.variance,
            .weight = weight,
            .batches = state.batches + 1};
  }

  index rows_to_keep(index rows) const {
    // A product that rounds to just below a whole number is that number.
    const double wanted = keep * static_cast<double>(rows) * (1 + 4 * std::numeric_limits<double>::epsilon());
    return std::clamp<index>(static_cast<index>(wanted), 1, rows);
  }

  void filter(const gap_state& statistics, std::uint64_t batch, std::span<const double> gaps, index count,
              std::span<std::uint8_t> kept) const {
    std::vector<std::pair<double, std::size_t>> keys;
    keys.reserve(gaps.size());
    for (std::size_t row = 0; row < gaps.size(); ++row) {
      if (!usable(gaps[row])) { continue; }
      const double distance = bounded(gaps[row]) - statistics.mean;
      const double squared = statistics.variance > 0 ? distance * distance / statistics.variance : 0;
      sample::philox_engine words{seed ^ draws, batch, 4 * static_cast<std::uint64_t>(row)};
      const double variate = -detail::elementary::log(1 - words.uniform());
      keys.emplace_back(detail::elementary::log(variate) + squared / 2, row);
    }
    const auto end_of_kept = keys.begin() + count;
    std::nth_element(keys.begin(), end_of_kept, keys.end());
    for (auto left = end_of_kept; left != keys.end(); ++left) { kept[left->second] = 0; }
  }

  void require_valid(const gap_state& state) const {
    const auto require = [](bool holds, const char* name, double found, const char* expected) {
      if (!holds) {
        detail::throw_invalid(where, std::string(name) + " is " + std::to_string(found) + ", expected " + expected);
      }
    };
    const auto finite = [](double x) { return detail::elementary::isfinite(x); };
    require(alpha >= 0 && finite(alpha), "alpha", alpha, "a finite number of at least 0");
    require(momentum >= 0 && momentum < 1, "momentum", momentum, "one in [0, 1)");
    require(keep > 0 && keep <= 1, "keep", keep, "one in (0, 1]");
    require(least > 0 && least <= 1, "least", least, "one in (0, 1]");
    require(most >= 1 && finite(most), "most", most, "a finite number of at least 1");
    require(base * least > 0 && finite(base * most), "base", base, "above 0 and finite, times least and most too");
    // Twice what `update` can reach, so that rounding is no fault.
    require(detail::elementary::abs(state.mean) <= 2 * largest, "state.mean", state.mean, "within +-2^401");
    require(state.variance >= 0 && state.variance <= 2 * largest * largest, "state.variance", state.variance,
            "one in [0, 2^801]");
    require(state.weight >= 0 && state.weight <= 1, "state.weight", state.weight, "one in [0, 1]");
    require(state.batches >= 0 && state.batches < std::numeric_limits<std::int64_t>::max(), "state.batches",
            static_cast<double>(state.batches), "one in [0, 2^63 - 1)");
  }
};

}  // namespace dynamicpo::inline v1::beta
