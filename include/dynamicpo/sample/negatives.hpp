// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/sample/concept.hpp"
#include "dynamicpo/sample/item_lists.hpp"

namespace dynamicpo::inline v1::sample {

/// Where in the sequence of all draws a batch stands: batches that split the rows of an epoch, each with its first row,
/// draw what the whole would.
struct place {
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  index first_row = 0;
};

/// What `draw_negatives` writes; K = items.size() / B.
struct negative_outputs {
  std::span<item> items{};    ///< [B, K] ids, -1 where a row has no more
  std::span<double> log_q{};  ///< [B, K] log of q(item) given that it is no positive of the row; optional
  std::span<index> found{};   ///< [B] how many of each row are there; optional
};

/// What it took.
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
};

}  // namespace dynamicpo::inline v1::sample

namespace dynamicpo::inline v1::detail {

/// Draws in vain before a slot goes through all candidates.
inline constexpr int most_rejections = 32;

/// One row's draws. Excluded items are in ascending order.
template <sample::sampler Sampler>
class row_draws {
 public:
  row_draws(const Sampler& from, std::span<const sample::item> positives, bool replacement,
            std::vector<sample::item>& taken)
      : from_{from}, positives_{positives}, replacement_{replacement}, taken_{taken} {
    taken_.clear();
  }

  /// A candidate, -1 when none is left.
  index next(sample::philox_engine words, sample::draw_counts& counts) {
    index candidate = -1;
    for (int tries = 0; tries < most_rejections && candidate < 0; ++tries) {
      const index drawn = from_.draw(words);
      if (excluded(from_.item_of(drawn))) {
        ++counts.rejected;
      } else {
        ++counts.accepted;
        candidate = drawn;
      }
    }
    if (candidate < 0) {
      candidate = among_all(words.uniform());
      counts.exhaustive += candidate < 0 ? 0 : 1;
    }
    if (candidate >= 0 && !replacement_) {
      const sample::item found = from_.item_of(candidate);
      taken_.insert(std::lower_bound(taken_.begin(), taken_.end(), found), found);
    }
    return candidate;
  }

 private:
  bool excluded(sample::item wanted) const {
    return std::binary_search(positives_.begin(), positives_.end(), wanted) ||
           (!replacement_ && std::binary_search(taken_.begin(), taken_.end(), wanted));
  }
  // By q among what is not excluded: the first candidate whose cumulated q passes the share of their sum.
  index among_all(double share) const {
    const auto for_each_left = [&](const auto& see) {
      for (index candidate = 0; candidate < from_.candidates(); ++candidate) {
        const double q = from_.probability(candidate);
        if (q > 0 && !excluded(from_.item_of(candidate)) && !see(candidate, q)) { return; }
      }
    };
    double total = 0;
    for_each_left([&](index, double q) {
      total += q;
      return true;
    });
    double passed = 0;
    index found = -1;
    for_each_left([&](index candidate, double q) {
      found = candidate;
      passed += q;
      return !(share * total < passed);
    });
    return found;
  }

  const Sampler& from_;
  std::span<const sample::item> positives_;
  bool replacement_;
  std::vector<sample::item>& taken_;
};

/// log of the q of all that is no positive. Where little is left, it is added up: 1 - q would be rounding.
template <sample::sampler Sampler>
double log_probability_left(const Sampler& from, std::span<const sample::item> positives) {
  double taken = 0;
  index low = 0;
  for (std::size_t i = 0; i < positives.size(); ++i) {
    if (i > 0 && positives[i] == positives[i - 1]) { continue; }
    index high = from.candidates();
    while (low < high) {
      const index middle = low + (high - low) / 2;
      if (from.item_of(middle) < positives[i]) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low < from.candidates() && from.item_of(low) == positives[i]) { taken += from.probability(low); }
  }
  if (taken <= 0.5) { return std::log1p(-taken); }
  double left = 0;
  for (index candidate = 0; candidate < from.candidates(); ++candidate) {
    const bool positive = std::binary_search(positives.begin(), positives.end(), from.item_of(candidate));
    left += positive ? 0.0 : from.probability(candidate);
  }
  return std::log(left);
}

}  // namespace dynamicpo::inline v1::detail

namespace dynamicpo::inline v1::sample {

/// K negatives for each of `rows` rows: candidates of `from` that are no positive of the row, drawn by q among those;
/// without replacement one by one, each by q among those left. A draw that may not be is repeated up to 32 times, then
/// the candidates left are gone through: exact, and never a loop. A row that runs out is filled up with -1.
/// \param positives  of each row, in ascending order; may hold items that are no candidates.
/// \throws std::invalid_argument when outputs do not fit `rows`, or positives are not in order.
/// Draws depend on (seed, epoch, row, slot), sampler and positives alone. Expected cost O(K (log P + K)) a row while
/// rejections are few, O(K n) where they are not; log_q adds O(P log n) a row, O(n log P) where positives hold
/// more than half of q. Allocates.
template <class Exec, sampler Sampler>
draw_counts draw_negatives(const Exec& exec, const Sampler& from, index rows, const item_lists& positives,
                           const place& at, bool replacement, const negative_outputs& out) {
  constexpr const char* where = "draw_negatives";
  if (rows < 0 || (rows == 0 ? !out.items.empty() : out.items.size() % static_cast<std::size_t>(rows) != 0)) {
    detail::throw_invalid(where, "items has " + std::to_string(out.items.size()) +
                                     " entries: not a whole number for each of " + std::to_string(rows) + " rows");
  }
  constexpr std::uint64_t limit = std::uint64_t{1} << 32;
  if (at.epoch >= limit || at.first_row < 0 ||
      static_cast<std::uint64_t>(at.first_row) + static_cast<std::uint64_t>(rows) > limit) {
    detail::throw_invalid(where, "epoch " + std::to_string(at.epoch) + ", rows from " + std::to_string(at.first_row) +
                                     " on: expected both below 2^32");
  }
  detail::require_room(where, "log_q", out.log_q, static_cast<index>(out.items.size()));
  detail::require_room(where, "found", out.found, rows);
  positives.require(where, rows);
  if (rows == 0) { return {}; }

  constexpr index block_rows = 256;
  const index slots = static_cast<index>(out.items.size()) / rows, blocks = (rows + block_rows - 1) / block_rows;
  std::vector<std::vector<item>> taken(static_cast<std::size_t>(exec.lanes(blocks)));
  std::vector<draw_counts> parts(static_cast<std::size_t>(blocks));
  exec.for_each_block(blocks, [&](index block, index lane) {
    draw_counts counts;
    for (index row = block * block_rows; row < std::min(rows, (block + 1) * block_rows); ++row) {
      const auto excluded = positives.of(row);
      detail::row_draws<Sampler> draws(from, excluded, replacement, taken[static_cast<std::size_t>(lane)]);
      const double left = out.log_q.empty() ? 0.0 : detail::log_probability_left(from, excluded);
      index found = 0;
      for (index slot = 0; slot < slots; ++slot) {
        const index candidate =
            found < slot ? -1 : draws.next(words_of(at.seed, at.epoch, at.first_row + row, slot), counts);
        const auto entry = static_cast<std::size_t>(row * slots + slot);
        out.items[entry] = candidate < 0 ? item{-1} : from.item_of(candidate);
        if (!out.log_q.empty()) {
          const double log_q =
              candidate < 0 ? -std::numeric_limits<double>::infinity() : std::log(from.probability(candidate)) - left;
          out.log_q[entry] = log_q > 0 ? 0 : log_q;
        }
        found += candidate < 0 ? 0 : 1;
      }
      counts.drawn += found;
      counts.short_rows += found < slots ? 1 : 0;
      if (!out.found.empty()) { out.found[static_cast<std::size_t>(row)] = found; }
    }
    parts[static_cast<std::size_t>(block)] = counts;
  });
  draw_counts total;
  for (const draw_counts& part : parts) {
    total.drawn += part.drawn;
    total.accepted += part.accepted;
    total.rejected += part.rejected;
    total.exhaustive += part.exhaustive;
    total.short_rows += part.short_rows;
  }
  return total;
}

}  // namespace dynamicpo::inline v1::sample
