// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/softplus.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/link.hpp"

/// The suppression ratio S of a row: |dL/dm_h| of its hardest negative h, that of least margin, over what it would be
/// if h were the row's only negative. S < 1: the others hold it back. Under the logistic link a lone margin has weight
/// sigma(-m_h), so S = dz/dm_h sigma(-z) / sigma(-m_h). Proofs: docs/theory.md.
namespace dynamicpo::inline v1::theory {

template <class Objective>
concept logistic_objective = std::is_same_v<std::remove_cvref_t<typename Objective::link_type>, link::logistic>;

template <class T>
struct log_bounds {
  T lower, upper;
};

/// What the bounds need of a row's margins, of which there are n >= 1.
template <class T>
struct row_summary {
  T hardest;      ///< the least
  T gap;          ///< how far the second least lies above it; 0 for n = 1
  T sum_of_rest;  ///< of all but the hardest
  T mean_gap;     ///< (mean of all) - hardest
  std::size_t count;
};

template <class T>
row_summary<T> summarise(std::span<const T> margins) {
  if (margins.empty()) { detail::throw_invalid("theory::summarise", "no margin, expected at least one"); }
  std::size_t h = 0;
  for (std::size_t i = 1; i < margins.size(); ++i) { h = margins[i] < margins[h] ? i : h; }
  row_summary<T> row{margins[h], T(0), T(0), T(0), margins.size()};
  bool first = true;
  for (std::size_t i = 0; i < margins.size(); ++i) {
    if (i == h) { continue; }
    const T gap = static_cast<T>(margins[i] - row.hardest);
    row.gap = first || gap < row.gap ? gap : row.gap;
    row.sum_of_rest = row.sum_of_rest + margins[i];
    row.mean_gap = row.mean_gap + gap;
    first = false;
  }
  row.mean_gap = row.mean_gap / T(static_cast<double>(row.count));
  return row;
}

/// log S, by the objective's own stages: log dz/dm_h + softplus(m_h) - softplus(z), finite where S underflows.
template <logistic_objective Objective, class T>
T log_suppression(const Objective& objective, std::span<const T> margins) {
  const row_summary<T> row = summarise(margins);
  std::vector<T> weights(margins.begin(), margins.end());
  const T z = objective.aggregate.reduce(std::span<T>(weights));
  std::size_t h = 0;
  while (row.hardest < margins[h]) { ++h; }
  return detail::elementary::log(weights[h]) + (detail::softplus(row.hardest) - detail::softplus(z));
}

/// DMPO. With D = mean of m - m_h:  -D - log n <= log S <= min(0, softplus(-m_h) - D) - log n.
/// Easy negatives a gap g above leave at most e^(-g (n-1)/n) (1 + e^(-m_h)) / n: exponentially little.
template <class T>
log_bounds<T> log_suppression_bounds(const aggregate::mean&, const row_summary<T>& row) {
  const T share = detail::elementary::log(T(static_cast<double>(row.count)));
  const T above = static_cast<T>(detail::softplus(static_cast<T>(-row.hardest)) - row.mean_gap);
  return {static_cast<T>(-row.mean_gap - share), static_cast<T>((above < T(0) ? above : T(0)) - share)};
}

/// S-DPO. With g = gap to the second:  -log(1 + (n-1) e^(-g)) <= log S <= -log(1 + sigma(-m_h) e^(-g)), 0 for n = 1.
/// So S is above 1 / n whatever the others are, and 1 when they are easy.
template <class T>
log_bounds<T> log_suppression_bounds(const aggregate::soft_minimum&, const row_summary<T>& row) {
  if (row.count == 1) { return {T(0), T(0)}; }
  const T others = detail::elementary::log(T(static_cast<double>(row.count - 1)));
  const T pull = static_cast<T>(-detail::softplus(row.hardest));  // log sigma(-m_h)
  return {static_cast<T>(-detail::softplus(static_cast<T>(others - row.gap))),
          static_cast<T>(-detail::softplus(static_cast<T>(pull - row.gap)))};
}

/// MPPO. With R = sum of the other margins:  -R <= log S <= min(0, softplus(-m_h) - R) for R >= 0, and
/// 0 <= log S <= min(softplus(m_h), -R sigma(m_h)) for R < 0: further violators amplify, by less than 2.
template <class T>
log_bounds<T> log_suppression_bounds(const aggregate::sum&, const row_summary<T>& row) {
  const T rest = row.sum_of_rest, minus = static_cast<T>(-rest);
  if (rest < T(0)) {
    const T all = detail::softplus(row.hardest), slope = static_cast<T>(minus * detail::logistic(row.hardest));
    return {T(0), slope < all ? slope : all};
  }
  const T above = static_cast<T>(detail::softplus(static_cast<T>(-row.hardest)) - rest);
  return {minus, above < T(0) ? above : T(0)};
}

/// Of a row under an objective; in its DynamicPO form, of the margins on the boundary with their beta_i.
template <logistic_objective Objective, class T>
log_bounds<T> log_suppression_bounds(const Objective& objective, std::span<const T> margins) {
  return log_suppression_bounds(objective.aggregate, summarise(margins));
}

}  // namespace dynamicpo::inline v1::theory
