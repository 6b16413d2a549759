// SPDX-License-Identifier: MIT
// docs/contract.md, the lines about one row's values: one test a line, named after it.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/catch.hpp"
#include "support/oracle.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

/// Selected indices of the first row.
template <class Select, class T>
std::vector<std::int32_t> selected(const Select& select, const table<T>& scores) {
  std::vector<std::int64_t> offsets(scores.chosen.size() + 1);
  std::vector<std::int32_t> slots(scores.rejected.size());
  po::select_negatives(po::exec::seq, select, scores.view(), {.offsets = offsets, .slots = slots});
  slots.resize(static_cast<std::size_t>(offsets[1]));
  return slots;
}

using indices = std::vector<std::int32_t>;

/// beta_i of the boundary in the first row.
template <class T>
std::vector<T> betas(const po::beta::dual_margin& rule, const table<T>& scores) {
  return evaluate(po::dynamic(po::objective::dmpo, rule), scores.view(), po::reference_free).beta;
}

template <class T>
T ulps(T a, T b) {
  return std::abs(a - b) / (std::nextafter(std::abs(b), infinity_of<T>) - std::abs(b));
}

}  // namespace

TEMPLATE_TEST_CASE("B = 0: loss 0, rows 0, no error", "", float, double) {
  const table<TestType> none;
  for (const auto reduction : {po::reduction::mean, po::reduction::sum, po::reduction::none}) {
    const auto found = evaluate(po::dynamic(po::objective::dmpo), none.view(), none.view(), {.reduction = reduction});
    REQUIRE(found.result.loss == 0);
    REQUIRE(same_counts(found.result, po::row_counts{}));
  }
  const table<TestType> ragged{{}, {}, {0}};
  REQUIRE(po::loss(po::exec::threads{7}, po::vanilla(po::objective::sdpo), ragged.view(), ragged.view()).loss == 0);
  std::vector<std::int64_t> offsets(1, -1);
  REQUIRE(po::select_negatives(po::exec::seq, po::select::boundary{}, none.view(), {.offsets = offsets}).selected == 0);
  REQUIRE(offsets[0] == 0);
}

TEMPLATE_TEST_CASE("K = 0 in a row: loss 0, gradient 0, counted in empty_rows; excluded from the mean", "", float,
                   double) {
  const table<TestType> policy{{-1, -2, -3}, {-2, -4, -5}, {0, 1, 1, 3}};
  const auto found = evaluate(po::dynamic(po::objective::sdpo), policy.view(), po::reference_free,
                              {.reduction = po::reduction::mean});
  REQUIRE(found.result.rows == 2);
  REQUIRE(found.result.empty_rows == 1);
  REQUIRE(found.row_loss[1] == 0);
  REQUIRE(found.gradient.chosen[1] == 0);
  const double mean = (static_cast<double>(found.row_loss[0]) + static_cast<double>(found.row_loss[2])) / 2;
  REQUIRE(found.result.loss == mean);

  const table<TestType> dense{{-1, -2}, {}};
  const auto all_empty = evaluate(po::vanilla(po::objective::dmpo), dense.view(), dense.view(),
                                  {.reduction = po::reduction::mean});
  REQUIRE(all_empty.result.loss == 0);
  REQUIRE(all_empty.result.empty_rows == 2);
  REQUIRE(all_empty.gradient.chosen == std::vector<TestType>{0, 0});
}

TEMPLATE_TEST_CASE("K = 1: DMPO = S-DPO = DPO; boundary = {0}", "", float, double) {
  const batch<TestType> rows = random_batch<TestType>(1, 200, 1);
  const auto forms = [&](auto form) {
    const auto dpo = evaluate(form(po::objective::dpo), rows.policy.view(), rows.reference.view());
    REQUIRE(same_bits(dpo, evaluate(form(po::objective::dmpo), rows.policy.view(), rows.reference.view())));
    REQUIRE(same_bits(dpo, evaluate(form(po::objective::sdpo), rows.policy.view(), rows.reference.view())));
    REQUIRE(dpo.result.instruments.selected == 200);
  };
  forms([](const auto& objective) { return po::vanilla(objective, 0.3); });
  forms([](const auto& objective) { return po::dynamic(objective, {.base = 0.3}); });
  REQUIRE(selected(po::select::boundary{}, table<TestType>{{-1}, {-9}}) == indices{0});
  REQUIRE(selected(po::select::boundary{}, table<TestType>{{-9}, {-1}}) == indices{0});
}

TEMPLATE_TEST_CASE("K = 2, no violator, distinct: boundary = the higher one", "", float, double) {
  REQUIRE(selected(po::select::boundary{}, table<TestType>{{-5}, {-9, -12}}) == indices{0});
  REQUIRE(selected(po::select::boundary{}, table<TestType>{{-5}, {-12, -9}}) == indices{1});
}

TEMPLATE_TEST_CASE("2 distinct values, no violator ([-9,-9,-12,-12,-12]): the upper group {0,1}", "", float, double) {
  REQUIRE(selected(po::select::boundary{}, table<TestType>{{-5}, {-9, -9, -12, -12, -12}}) == indices{0, 1});
}

TEMPLATE_TEST_CASE("all values equal, no violator: all of them; rest := all", "", float, double) {
  const table<TestType> row{{-5}, {-9.25, -9.25, -9.25}};
  REQUIRE(selected(po::select::boundary{}, row) == indices{0, 1, 2});
  std::vector<TestType> mean_rest(1);
  po::select_negatives(po::exec::seq, po::select::boundary{}, row.view(), {.mean_rest = mean_rest});
  REQUIRE(mean_rest[0] == TestType(-9.25));
}

TEMPLATE_TEST_CASE("tie with chosen (s_i == s_w): a violator", "", float, double) {
  REQUIRE(selected(po::select::boundary{}, table<TestType>{{-5}, {-9, -5, -4, -12}}) == indices{1, 2});
}

TEMPLATE_TEST_CASE("equal-cost partitions ([0,1,2,3], chosen 9): the larger top cluster; independent of the order", "",
                   float, double) {
  std::vector<TestType> row{0, 1, 2, 3};
  do {
    const indices found = selected(po::select::boundary{}, table<TestType>{{9}, row});
    REQUIRE(found.size() == 2);
    for (const std::int32_t i : found) { REQUIRE(row[static_cast<std::size_t>(i)] >= 2); }
  } while (std::next_permutation(row.begin(), row.end()));
}

TEMPLATE_TEST_CASE("permuted negatives: the same set, the same loss within 4 ulp", "", float, double) {
  const auto check = [](const char* name, const auto& objective) {
    CAPTURE(name);
    const auto dynamic = po::dynamic(objective, {.base = 0.6, .gamma = 2.0});
    po::sample::philox_engine random{3};
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      CAPTURE(seed);
      const batch<TestType> row = random_batch<TestType>(seed, 1, 9);
      batch<TestType> turned = row;
      std::vector<std::size_t> order(9);
      std::iota(order.begin(), order.end(), std::size_t{0});
      for (std::uint32_t i = 9; i > 1; --i) { std::swap(order[i - 1], order[random.below(i)]); }
      for (std::size_t i = 0; i < 9; ++i) {
        turned.policy.rejected[i] = row.policy.rejected[order[i]];
        turned.reference.rejected[i] = row.reference.rejected[order[i]];
      }
      const auto straight = evaluate(dynamic, row.policy.view(), row.reference.view());
      const auto permuted = evaluate(dynamic, turned.policy.view(), turned.reference.view());
      REQUIRE(ulps(permuted.row_loss[0], straight.row_loss[0]) <= 4);
      for (std::size_t i = 0; i < 9; ++i) {
        REQUIRE((permuted.beta[i] != 0) == (straight.beta[order[i]] != 0));
      }
    }
  };
  check("dmpo", po::objective::dmpo);
  check("sdpo", po::objective::sdpo);
  check("mppo", po::objective::mppo);
}

TEMPLATE_TEST_CASE("duplicates of a boundary value: all of them in (selection is score >= threshold)", "", float,
                   double) {
  REQUIRE(selected(po::select::boundary{}, table<TestType>{{0}, {-20, -3, -10, -3, -11, -3}}) == indices{1, 3, 5});
  REQUIRE(selected(po::select::top_k{.count = 2}, table<TestType>{{0}, {-20, -3, -10, -3, -11, -3}}) ==
          indices{1, 3, 5});
}

TEMPLATE_TEST_CASE("scores near -1200, spread 1.2: the exact cut", "", float, double) {
  po::sample::philox_engine random{5};
  for (int i = 0; i < 2000; ++i) {
    oracle::row row{.chosen = -1100, .rejected = {}, .reference_rejected = {}};
    table<TestType> scores{{-1100}, {}};
    for (int k = 0; k < 15; ++k) {
      scores.rejected.push_back(static_cast<TestType>(between(random, -1200.6, -1199.4)));
      row.rejected.push_back(static_cast<double>(scores.rejected.back()));
    }
    const std::vector<bool> exact = oracle::boundary(row);
    const indices found = selected(po::select::boundary{}, scores);
    for (std::int32_t k = 0; k < 15; ++k) {
      const bool in = std::find(found.begin(), found.end(), k) != found.end();
      REQUIRE(in == exact[static_cast<std::size_t>(k)]);
    }
  }
}

TEMPLATE_TEST_CASE("policy == reference (step 0): selection and beta unaffected; losses exactly log 2 and log(1+K)", "",
                   float, double) {
  for (const po::index negatives : {1, 2, 3, 15, 100}) {
    CAPTURE(negatives);
    const batch<TestType> rows = random_batch<TestType>(6, 20, negatives);
    const auto step_0 = [&](const auto& objective) {
      const auto apart = evaluate(po::dynamic(objective), rows.policy.view(), rows.reference.view());
      const auto equal = evaluate(po::dynamic(objective), rows.policy.view(), rows.policy.view());
      REQUIRE(equal.beta == apart.beta);
      return evaluate(po::vanilla(objective), rows.policy.view(), rows.policy.view());
    };
    const auto log_2 = static_cast<TestType>(std::log(2.0L));
    const auto log_1_k = static_cast<TestType>(std::log(1.0L + static_cast<long double>(negatives)));
    for (const TestType loss : step_0(po::objective::dmpo).row_loss) { REQUIRE(loss == log_2); }
    for (const TestType loss : step_0(po::objective::sdpo).row_loss) { REQUIRE(ulps(loss, log_1_k) <= 1); }
    if (negatives == 1) {
      for (const TestType loss : step_0(po::objective::dpo).row_loss) { REQUIRE(loss == log_2); }
    }
  }
}

TEMPLATE_TEST_CASE("dynamic beta, abs(d1)+abs(d2) == 0: gamma > 0: beta(1-alpha); < 0: beta(1+alpha); = 0: beta", "",
                   float, double) {
  const table<TestType> row{{-9}, {-9}};  // the lone violator is its own rest: d1 = d2 = 0
  const auto at_gamma = [&](double gamma) {
    return betas({.base = 0.5, .alpha = 0.25, .gamma = gamma}, row)[0];
  };
  REQUIRE(at_gamma(2) == TestType(0.5 * 0.75));
  REQUIRE(at_gamma(1e-30) == TestType(0.5 * 0.75));
  REQUIRE(at_gamma(-2) == TestType(0.5 * 1.25));
  REQUIRE(at_gamma(0) == TestType(0.5));
}

TEMPLATE_TEST_CASE("chosen log-ratio -100, rejected [-5,-200], S-DPO: loss 95, grad chosen -1, rejected [1, 0]", "",
                   float, double) {
  const table<TestType> policy{{-110}, {-15, -210}}, reference{{-10}, {-10, -10}};
  const auto found = evaluate(po::vanilla(po::objective::sdpo), policy.view(), reference.view());
  REQUIRE(found.row_loss[0] == 95);
  REQUIRE(found.gradient.chosen[0] == -1);
  REQUIRE(found.gradient.rejected[0] == 1);
  REQUIRE(std::abs(found.gradient.rejected[1]) <= TestType(3e-85));
}

TEMPLATE_TEST_CASE("chosen -5, rejected [-200,-300], S-DPO: loss 0 (2e-85 in double), gradient 0, no NaN", "", float,
                   double) {
  const table<TestType> policy{{-5}, {-200, -300}};
  const auto found = evaluate(po::vanilla(po::objective::sdpo), policy.view(), po::reference_free);
  const auto exact = static_cast<TestType>(std::exp(-195.0));
  REQUIRE(std::abs(found.row_loss[0] - exact) <= TestType(1e-13) * exact);
  REQUIRE(std::abs(found.gradient.chosen[0] + exact) <= TestType(1e-13) * exact);
  REQUIRE(std::abs(found.gradient.rejected[0] - exact) <= TestType(1e-13) * exact);
  REQUIRE(found.gradient.rejected[1] >= 0);
}

TEMPLATE_TEST_CASE("margin -1e30 .. 1e30: finite loss where representable; gradient in [-beta_max, beta_max]", "",
                   float, double) {
  const auto check = [](const auto& pipeline, TestType beta_max) {
    for (const TestType margin : {TestType(-1e30), TestType(-1e10), TestType(-1e4), TestType(-100), TestType(0),
                                  TestType(100), TestType(1e4), TestType(1e10), TestType(1e30)}) {
      CAPTURE(margin);
      // The first negative alone decides the sign; a second one sits far below.
      const table<TestType> policy{{margin}, {0, -TestType(1e30)}};
      const auto found = evaluate(pipeline, policy.view(), po::reference_free);
      REQUIRE(found.result.rows == 1);
      REQUIRE(std::isfinite(found.row_loss[0]));
      REQUIRE(found.row_loss[0] >= 0);
      for (const TestType g : {found.gradient.chosen[0], found.gradient.rejected[0], found.gradient.rejected[1]}) {
        REQUIRE(std::abs(g) <= beta_max);
      }
    }
  };
  check(po::vanilla(po::objective::dmpo, 0.5), TestType(0.5));
  check(po::vanilla(po::objective::sdpo, 0.5), TestType(0.5));
  check(po::vanilla(po::objective::smoothed_dpo(0.1), 0.5), TestType(0.5));
  check(po::vanilla(po::objective::simpo(1.0), 0.5), TestType(0.5));
  check(po::vanilla(po::objective::slic(1.0), 0.5), TestType(0.5));
  check(po::dynamic(po::objective::dmpo, {.base = 0.5}), TestType(0.75));
  check(po::dynamic(po::objective::sdpo, {.base = 0.5}), TestType(0.75));
}

TEMPLATE_TEST_CASE("d = -40 under log-sigmoid: loss 40, gradient -1: no epsilon anywhere", "", float, double) {
  const table<TestType> policy{{-50}, {-10}};
  const auto found = evaluate(po::vanilla(po::objective::dpo), policy.view(), po::reference_free);
  REQUIRE(found.row_loss[0] == 40);
  REQUIRE(found.gradient.chosen[0] == -1);
  REQUIRE(found.gradient.rejected[0] == 1);
}

TEMPLATE_TEST_CASE("MPPO with sequence log-prob < -103 (float): loss log 2, gradient 0, counted in underflow_rows", "",
                   float, double) {
  constexpr bool narrow = std::is_same_v<TestType, float>;
  const TestType far = narrow ? TestType(-110) : TestType(-800);
  const table<TestType> policy{{far, -1, far}, {far, far, far, far, -1, far}};
  const auto found = evaluate(po::vanilla(po::objective::mppo), policy.view(), po::reference_free);
  REQUIRE(found.result.rows == 3);
  REQUIRE(found.result.underflow_rows == 1);
  REQUIRE(found.row_loss[0] == static_cast<TestType>(std::log(2.0L)));
  REQUIRE(found.gradient.chosen[0] == 0);
  REQUIRE(found.gradient.rejected[0] == 0);
  REQUIRE(found.gradient.rejected[1] == 0);

  const std::vector<std::int32_t> chosen_lengths(3, 10), rejected_lengths(6, 10);
  const auto normalised = evaluate(po::vanilla(po::objective::mppo),
                                   policy.view().with_lengths(chosen_lengths, rejected_lengths), po::reference_free);
  REQUIRE(normalised.result.underflow_rows == 0);
  REQUIRE(normalised.gradient.chosen[0] < 0);
}
