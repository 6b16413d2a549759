// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

/// The objectives written straight from their formulas, over any Real, sharing nothing with the library: no stable
/// rearrangement, so Real must have the digits and the range (50 digits for margins to +-1e4).
namespace test_support::oracle {

/// One row. Scores are doubles, as exact in any Real; reference-free rows have a reference of zeros.
struct row {
  double chosen = 0, reference_chosen = 0;
  std::vector<double> rejected, reference_rejected;
};

enum class objective { dpo, dmpo, sdpo, mppo, ipo, slic, simpo, smoothed_dpo };

inline constexpr double ipo_tau = 0.5, slic_target = 1.0, simpo_target = 0.25, smoothing = 0.1;

template <class Real>
struct answer {
  Real loss{0};
  Real chosen{0};              ///< dL/ds_w
  std::vector<Real> rejected;  ///< dL/ds_i, 0 for what is not selected
};

/// Cost of every segment [i, j) of sorted values, summed from its own first value, where nothing cancels.
class segment_costs {
 public:
  explicit segment_costs(std::span<const double> sorted) : size_{sorted.size()}, costs_(size_ * (size_ + 1)) {
    for (std::size_t i = 0; i < size_; ++i) {
      long double first = 0, second = 0;
      for (std::size_t j = i; j < size_; ++j) {
        const long double away = static_cast<long double>(sorted[j]) - sorted[i];
        first += away;
        second += away * away;
        costs_[i * (size_ + 1) + j + 1] = second - first * first / static_cast<long double>(j - i + 1);
      }
    }
  }
  long double operator()(std::size_t begin, std::size_t end) const { return costs_[begin * (size_ + 1) + end]; }

 private:
  std::size_t size_;
  std::vector<long double> costs_;
};

/// Least cost of three non-empty clusters of sorted values, by the place j >= 2 where the top one begins.
inline std::vector<long double> costs_by_top_cluster(std::span<const double> sorted) {
  const segment_costs cost{sorted};
  const std::size_t n = sorted.size();
  std::vector<long double> best(n, std::numeric_limits<long double>::infinity());
  for (std::size_t j = 2; j < n; ++j) {
    for (std::size_t i = 1; i < j; ++i) { best[j] = std::min(best[j], cost(0, i) + cost(i, j)); }
    best[j] += cost(j, n);
  }
  return best;
}

/// The decision boundary: violators, else the larger of the top clusters of cost within 1e-15 of the least.
inline std::vector<bool> boundary(const row& at) {
  std::vector<bool> selected;
  for (const double score : at.rejected) { selected.push_back(score >= at.chosen); }
  if (at.rejected.empty() || std::find(selected.begin(), selected.end(), true) != selected.end()) { return selected; }

  std::vector<double> sorted = at.rejected;
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> distinct = sorted;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  double least = distinct.back();
  if (distinct.size() >= 3) {
    const auto best = costs_by_top_cluster(sorted);
    const long double optimum = *std::min_element(best.begin(), best.end());
    std::size_t cut = 2;
    while (!(best[cut] <= optimum * (1 + 1e-15L))) { ++cut; }
    least = sorted[cut];
  }
  for (std::size_t i = 0; i < selected.size(); ++i) { selected[i] = at.rejected[i] >= least; }
  return selected;
}

/// beta_i of the selected negatives, in order.
template <class Real>
std::vector<Real> dual_margin(const row& at, const std::vector<bool>& selected, double base, double alpha,
                              double gamma) {
  using std::abs;
  using std::tanh;
  const bool all = std::find(selected.begin(), selected.end(), false) == selected.end();
  Real total(0), count(0);
  for (std::size_t i = 0; i < selected.size(); ++i) {
    if (all || !selected[i]) {
      total += Real(at.rejected[i]);
      count += Real(1);
    }
  }
  std::vector<Real> betas;
  for (std::size_t i = 0; i < selected.size(); ++i) {
    if (!selected[i]) { continue; }
    const Real d1 = Real(at.chosen) - Real(at.rejected[i]);
    const Real d2 = Real(at.rejected[i]) - total / count;
    const Real scale = abs(d1) + abs(d2);
    const Real limit(gamma > 0 ? -1 : gamma < 0 ? 1 : 0);
    const Real factor = scale == 0 ? limit : Real(tanh((d1 - d2 - Real(gamma)) / scale));
    betas.push_back(Real(base) * (1 + Real(alpha) * factor));
  }
  return betas;
}

/// Loss and gradient of one row at a given selection and given betas of the selected. Not for an empty selection.
template <class Real>
answer<Real> evaluate(objective which, const row& at, const std::vector<bool>& selected,
                      const std::vector<Real>& beta) {
  using std::exp;
  using std::log;
  const bool probabilities = which == objective::mppo;
  const bool reference_free = probabilities || which == objective::simpo;
  const auto utility = [&](double score, double reference) -> Real {
    if (probabilities) { return exp(Real(score)); }
    return reference_free ? Real(score) : Real(score) - Real(reference);
  };
  const Real chosen = utility(at.chosen, at.reference_chosen);
  std::vector<Real> margins, rejected;
  for (std::size_t i = 0; i < selected.size(); ++i) {
    if (!selected[i]) { continue; }
    rejected.push_back(utility(at.rejected[i], at.reference_rejected[i]));
    margins.push_back(beta[margins.size()] * (chosen - rejected.back()));
  }
  const Real count(static_cast<double>(margins.size()));
  Real sum(0);
  for (const Real& margin : margins) { sum += margin; }
  const Real mean = sum / count;
  const auto sigma = [](const Real& x) -> Real { return 1 / (1 + exp(-x)); };

  answer<Real> found;
  std::vector<Real> pull(margins.size());  // dL/dm_i
  switch (which) {
    case objective::dpo:
    case objective::dmpo:
      found.loss = log(1 + exp(-mean));
      for (Real& p : pull) { p = -sigma(-mean) / count; }
      break;
    case objective::sdpo: {
      Real worst(0);
      for (const Real& margin : margins) { worst += exp(-margin); }
      found.loss = log(1 + worst);
      for (std::size_t j = 0; j < pull.size(); ++j) { pull[j] = -exp(-margins[j]) / (1 + worst); }
      break;
    }
    case objective::mppo:
      found.loss = log(1 + exp(-sum));
      for (Real& p : pull) { p = -sigma(-sum); }
      break;
    case objective::ipo:
      found.loss = (mean - 1 / (2 * Real(ipo_tau))) * (mean - 1 / (2 * Real(ipo_tau)));
      for (Real& p : pull) { p = 2 * (mean - 1 / (2 * Real(ipo_tau))) / count; }
      break;
    case objective::slic:
      found.loss = mean < Real(slic_target) ? Real(Real(slic_target) - mean) : Real(0);
      for (Real& p : pull) { p = mean < Real(slic_target) ? Real(-1 / count) : Real(0); }
      break;
    case objective::simpo:
      found.loss = log(1 + exp(Real(simpo_target) - mean));
      for (Real& p : pull) { p = -sigma(Real(simpo_target) - mean) / count; }
      break;
    case objective::smoothed_dpo:
      found.loss = (1 - Real(smoothing)) * log(1 + exp(-mean)) + Real(smoothing) * log(1 + exp(mean));
      for (Real& p : pull) { p = (Real(smoothing) * sigma(mean) - (1 - Real(smoothing)) * sigma(-mean)) / count; }
      break;
  }
  std::size_t j = 0;
  for (const bool in : selected) {
    if (!in) {
      found.rejected.push_back(Real(0));
      continue;
    }
    found.chosen += beta[j] * pull[j] * (probabilities ? chosen : Real(1));
    found.rejected.push_back(-beta[j] * pull[j] * (probabilities ? rejected[j] : Real(1)));
    ++j;
  }
  return found;
}

}  // namespace test_support::oracle
