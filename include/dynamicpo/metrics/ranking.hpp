// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"

namespace dynamicpo::inline v1::metrics {

/// Where the chosen item stands when negatives score the same: before them, after them, or the mean over all orders.
/// `best` alone credits a model that gives every item one score.
enum class ties : std::uint8_t { mean, best, worst };

/// Negatives that score above the chosen item, and as high.
struct standing {
  index above = 0, level = 0;

  /// f(rank), rank 1 the first, as the ties are counted.
  template <class F>
  double over_ranks(ties rule, const F& f) const {
    const index first = rule == ties::worst ? above + level : above, last = rule == ties::best ? above : above + level;
    double total = 0;
    for (index rank = first + 1; rank <= last + 1; ++rank) { total += f(rank); }
    return total / static_cast<double>(last - first + 1);
  }
  /// 1 when the rank is at most k.
  double hit(index k, ties rule = ties::mean) const {
    return over_ranks(rule, [&](index rank) { return rank <= k ? 1.0 : 0.0; });
  }
  /// 1 / log2(1 + rank) up to rank k: NDCG@k with the chosen item alone relevant.
  double discounted_gain(index k, ties rule = ties::mean) const {
    return over_ranks(rule,
                      [&](index rank) { return rank <= k ? 1.0 / std::log2(1.0 + static_cast<double>(rank)) : 0.0; });
  }
  double reciprocal_rank(ties rule = ties::mean) const {
    return over_ranks(rule, [](index rank) { return 1.0 / static_cast<double>(rank); });
  }
};

/// Means over `rows`; NaN without any.
struct ranking_metrics {
  double hit_ratio = std::numeric_limits<double>::quiet_NaN();        ///< HR@k
  double ndcg = std::numeric_limits<double>::quiet_NaN();             ///< NDCG@k
  double reciprocal_rank = std::numeric_limits<double>::quiet_NaN();  ///< MRR
  index rows = 0;
  index empty_rows = 0;    ///< without negatives: nothing to rank among
  index invalid_rows = 0;  ///< a NaN or +inf, or a chosen score that is not finite
};

/// How the chosen item of `row` stands among its negatives that take part (mask, lengths and -inf leave one out), and
/// how many these are. False: the row is invalid, the rest means nothing.
template <class T, class Space>
bool stand(const scores<T, Space>& policy, index row, standing& found, index& negatives) {
  using compute = compute_of<T>;
  found = {};
  negatives = 0;
  const auto chosen = detail::load_chosen<compute>(policy, reference_free, row);
  bool valid = chosen.problem == defect::none;
  for (index k = 0; valid && k < policy.negatives(row); ++k) {
    const auto one = detail::load_negative<compute>(policy, reference_free, row, k);
    valid = one.problem == defect::none;
    if (!one.present) { continue; }
    ++negatives;
    found.above += chosen.score < one.score ? 1 : 0;
    found.level += chosen.score == one.score ? 1 : 0;
  }
  return valid;
}

/// HR@k, NDCG@k and MRR of the chosen item among the negatives of its row. Rows are read in order; the same bits for
/// the same rows. \throws std::invalid_argument when k is below 1.
template <class T, class Space>
ranking_metrics rank_chosen(const scores<T, Space>& policy, index k, ties rule = ties::mean) {
  if (k < 1) { detail::throw_invalid("metrics::rank_chosen", "k is " + std::to_string(k) + ", expected at least 1"); }
  ranking_metrics found;
  double hits = 0, gains = 0, reciprocals = 0;
  for (index row = 0; row < policy.rows(); ++row) {
    standing at;
    index negatives = 0;
    if (!stand(policy, row, at, negatives)) {
      ++found.invalid_rows;
    } else if (negatives == 0) {
      ++found.empty_rows;
    } else {
      ++found.rows;
      hits += at.hit(k, rule);
      gains += at.discounted_gain(k, rule);
      reciprocals += at.reciprocal_rank(rule);
    }
  }
  const auto rows = static_cast<double>(found.rows);
  found.hit_ratio = hits / rows;
  found.ndcg = gains / rows;
  found.reciprocal_rank = reciprocals / rows;
  return found;
}

}  // namespace dynamicpo::inline v1::metrics
