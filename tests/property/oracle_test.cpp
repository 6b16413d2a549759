// SPDX-License-Identifier: MIT
// The library against its formulas in 50 digits: ordinary rows, and rows that are meant to hurt.
#include "support/oracle.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {

namespace mp = boost::multiprecision;
using digits50 = mp::number<mp::cpp_bin_float_50::backend_type, mp::et_off>;
using namespace test_support;

enum class kind { ordinary, large_margins, ties, step_zero, far_offset, small_integers };

/// K is log-uniform in 1..64; half of the rows have a chosen that few reach.
template <class T>
oracle::row random_row(po::sample::philox_engine& random, kind which, bool single) {
  const auto stored = [](double x) { return static_cast<double>(static_cast<T>(x)); };
  const auto score = [&]() -> double {
    switch (which) {
      case kind::large_margins: return between(random, -1e4, 0);
      case kind::ties: return -3.7 - random.below(4);
      case kind::far_offset: return between(random, -1200.6, -1199.4);
      case kind::small_integers: return -static_cast<double>(random.below(10));
      default: return between(random, -40, -0.5);
    }
  };
  const auto reference_of = [&](double policy) {
    if (which == kind::step_zero) { return policy; }
    return stored(which == kind::large_margins ? score() : policy + between(random, -3, 3));
  };
  oracle::row row;
  row.chosen = stored(score());
  if (random.below(2) == 0) { row.chosen = stored(row.chosen * (which == kind::far_offset ? 0.99 : 0.1)); }
  row.reference_chosen = reference_of(row.chosen);
  const auto count = single ? 1 : static_cast<std::size_t>(std::exp(between(random, 0, std::log(65.0))));
  for (std::size_t i = 0; i < count; ++i) {
    row.rejected.push_back(stored(score()));
    row.reference_rejected.push_back(reference_of(row.rejected.back()));
  }
  return row;
}

/// Relative above 1, absolute below.
double error(const digits50& found, const digits50& exact) {
  return static_cast<double>(abs(found - exact) / std::max(digits50(1), digits50(abs(exact))));
}

/// The larger error; a NaN is larger than everything.
double larger(double a, double b) { return b <= a ? a : b; }

/// How far rounding every score, log-ratio and margin once can move the loss, in roundings: at least 1.
double conditioning(const oracle::row& row, const oracle::answer<digits50>& exact) {
  double moved = std::abs(static_cast<double>(exact.loss));
  for (std::size_t i = 0; i < row.rejected.size(); ++i) {
    moved += std::abs(static_cast<double>(exact.rejected[i])) *
             (std::abs(row.chosen) + std::abs(row.reference_chosen) + std::abs(row.rejected[i]) +
              std::abs(row.reference_rejected[i]));
  }
  return std::max(1.0, moved);
}

/// Rows in, answers of the library out, both as doubles, which hold floats exactly.
struct exercise {
  std::vector<oracle::row> rows;
  std::vector<double> loss, gradient_chosen, gradient_rejected, beta;  // of the negatives: row after row
};

struct solution {
  std::vector<bool> selected;
  std::vector<digits50> beta;
};

// Largest errors seen, in roundings of the conditioning: loss 0.8, gradient 3.2; as such, away from large margins:
// loss 5.0e-14 in double and 5.4e-7 in float, gradient 4.0e-14 and 9.8e-7, beta 6.5e-14 and 1.8e-7.
void check(const exercise& done, oracle::objective which, const std::function<solution(const oracle::row&)>& solve,
           bool wide, bool large_margins) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < done.rows.size(); ++i) {
    CAPTURE(i);
    const oracle::row& row = done.rows[i];
    const solution solved = solve(row);
    const auto exact = oracle::evaluate<digits50>(which, row, solved.selected, solved.beta);
    const double loss_error = error(done.loss[i], exact.loss);
    double gradient_error = error(done.gradient_chosen[i], exact.chosen), beta_error = 0;
    std::size_t next = 0;
    for (std::size_t k = 0; k < row.rejected.size(); ++k, ++at) {
      gradient_error = larger(gradient_error, error(done.gradient_rejected[at], exact.rejected[k]));
      beta_error = larger(beta_error, error(done.beta[at], solved.selected[k] ? solved.beta[next++] : digits50(0)));
    }
    const double rounding = conditioning(row, exact) * (wide ? 0x1p-52 : 0x1p-23);
    REQUIRE(loss_error <= 2 * rounding);
    REQUIRE(gradient_error <= 6 * rounding);
    REQUIRE(beta_error <= (wide ? 1e-13 : 5e-7));
    if (!large_margins) {
      REQUIRE(loss_error <= (wide ? 1e-13 : 1e-6));
      REQUIRE(gradient_error <= (wide ? 1e-13 : 2e-6));
    }
  }
}

template <class T, class Pipeline>
exercise answers(const Pipeline& pipeline, kind rows, bool single, std::uint64_t stream) {
  constexpr std::size_t count = 600;
  po::sample::philox_engine random{42, stream};
  exercise done;
  batch<T> stored;
  stored.policy.offsets = {0};
  const auto append = [](std::vector<T>& to, const std::vector<double>& from) {
    for (const double x : from) { to.push_back(static_cast<T>(x)); }
  };
  for (std::size_t i = 0; i < count; ++i) {
    const oracle::row& row = done.rows.emplace_back(random_row<T>(random, rows, single));
    append(stored.policy.chosen, {row.chosen});
    append(stored.reference.chosen, {row.reference_chosen});
    append(stored.policy.rejected, row.rejected);
    append(stored.reference.rejected, row.reference_rejected);
    stored.policy.offsets.push_back(static_cast<std::int64_t>(stored.policy.rejected.size()));
  }
  stored.reference.offsets = stored.policy.offsets;

  std::vector<T> loss(count, nan_of<T>), beta(stored.policy.rejected.size(), nan_of<T>);
  table<T> gradient = table_like(stored.policy.view(), nan_of<T>);
  const auto result = po::loss_and_gradient(
      po::exec::seq, pipeline, stored.policy.view(), stored.reference.view(),
      {.gradient = gradient.view(), .row_loss = loss, .effective_beta = beta, .reduction = po::reduction::none});
  REQUIRE(result.rows == static_cast<po::index>(count));
  const auto widened = [](const std::vector<T>& from) { return std::vector<double>(from.begin(), from.end()); };
  done.loss = widened(loss);
  done.gradient_chosen = widened(gradient.chosen);
  done.gradient_rejected = widened(gradient.rejected);
  done.beta = widened(beta);
  return done;
}

template <class T, class Objective>
void check_both_forms(oracle::objective which, const Objective& objective) {
  constexpr bool wide = std::is_same_v<T, double>;
  const bool single = which == oracle::objective::dpo;
  std::uint64_t stream = 0;
  for (const kind rows : {kind::ordinary, kind::large_margins, kind::ties, kind::step_zero, kind::far_offset,
                          kind::small_integers}) {
    CAPTURE(which, rows);
    constexpr double beta = 0.7;
    const auto every_negative = [&](const oracle::row& row) {
      return solution{std::vector<bool>(row.rejected.size(), true),
                      std::vector<digits50>(row.rejected.size(), digits50(beta))};
    };
    check(answers<T>(po::vanilla(objective, beta), rows, single, ++stream), which, every_negative, wide,
          rows == kind::large_margins);

    constexpr po::beta::dual_margin dual{.base = 1.5, .gamma = 2.0};
    const auto boundary = [&](const oracle::row& row) {
      const std::vector<bool> selected = oracle::boundary(row);
      return solution{selected, oracle::dual_margin<digits50>(row, selected, dual.base, dual.alpha, dual.gamma)};
    };
    check(answers<T>(po::dynamic(objective, dual), rows, single, ++stream), which, boundary, wide,
          rows == kind::large_margins);
  }
}

}  // namespace

// 8 objectives, 2 forms, 6 kinds, 600 rows: 57600 rows in each precision.
TEMPLATE_TEST_CASE("losses, gradients and betas agree with their formulas in 50 digits", "", double, float) {
  check_both_forms<TestType>(oracle::objective::dpo, po::objective::dpo);
  check_both_forms<TestType>(oracle::objective::dmpo, po::objective::dmpo);
  check_both_forms<TestType>(oracle::objective::sdpo, po::objective::sdpo);
  check_both_forms<TestType>(oracle::objective::mppo, po::objective::mppo);
  check_both_forms<TestType>(oracle::objective::ipo, po::objective::ipo(oracle::ipo_tau));
  check_both_forms<TestType>(oracle::objective::slic, po::objective::slic(oracle::slic_target));
  check_both_forms<TestType>(oracle::objective::simpo, po::objective::simpo(oracle::simpo_target));
  check_both_forms<TestType>(oracle::objective::smoothed_dpo, po::objective::smoothed_dpo(oracle::smoothing));
}

namespace {

template <class Objective>
void check_in_50_digits(oracle::objective which, const Objective& objective) {
  CAPTURE(which);
  constexpr po::beta::dual_margin dual{.base = 1.5, .gamma = 2.0};
  po::sample::philox_engine random{7};
  for (int i = 0; i < 40; ++i) {
    const oracle::row row = random_row<double>(random, kind::ordinary, which == oracle::objective::dpo);
    const std::vector<bool> boundary = oracle::boundary(row);
    const auto beta = oracle::dual_margin<digits50>(row, boundary, dual.base, dual.alpha, dual.gamma);
    const auto exact = oracle::evaluate<digits50>(which, row, boundary, beta);

    const auto widened = [](const std::vector<double>& x) { return std::vector<digits50>(x.begin(), x.end()); };
    const table<digits50> policy{widened({row.chosen}), widened(row.rejected)};
    const table<digits50> reference{widened({row.reference_chosen}), widened(row.reference_rejected)};
    table<digits50> gradient{widened({nan_of<double>}), std::vector<digits50>(row.rejected.size(), nan_of<double>)};
    const auto result = po::loss_and_gradient(po::exec::seq, po::dynamic(objective, dual), policy.view(),
                                              reference.view(), {.gradient = gradient.view()});
    REQUIRE(error(result.loss, exact.loss) <= 1e-47);
    REQUIRE(error(gradient.chosen[0], exact.chosen) <= 1e-47);
    for (std::size_t k = 0; k < row.rejected.size(); ++k) {
      REQUIRE(error(gradient.rejected[k], exact.rejected[k]) <= 1e-47);
    }
  }
}

}  // namespace

TEST_CASE("the library itself in 50 digits") {
  check_in_50_digits(oracle::objective::dpo, po::objective::dpo);
  check_in_50_digits(oracle::objective::dmpo, po::objective::dmpo);
  check_in_50_digits(oracle::objective::sdpo, po::objective::sdpo);
  check_in_50_digits(oracle::objective::mppo, po::objective::mppo);
  check_in_50_digits(oracle::objective::smoothed_dpo, po::objective::smoothed_dpo(oracle::smoothing));
}
