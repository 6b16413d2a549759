// SPDX-License-Identifier: MIT
// What a stranger writes works as the library's own: selection, beta rule, objective, scalar, execution policy.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace stranger {

namespace po = dynamicpo;

/// Negatives of the given rows' own lists; not default-constructible.
class listed {
 public:
  explicit listed(const std::vector<std::vector<std::size_t>>& lists) : lists_{&lists} {}

  template <class T>
  po::selection_rule operator()(const po::select::row_scores<T>& row, std::span<std::uint8_t> selected,
                                po::select::scratch<T>&) const {
    std::fill(selected.begin(), selected.end(), std::uint8_t{0});
    for (const std::size_t k : (*lists_)[static_cast<std::size_t>(row.row)]) { selected[k] = 1; }
    return po::selection_rule::custom;
  }

 private:
  const std::vector<std::vector<std::size_t>>* lists_;
};

/// Grows with the gap of chosen and rejected.
struct gap_beta {
  static constexpr bool needs_rest = false;
  double per_nat;

  template <class T>
  T operator()(const po::beta::context<T>& at) const {
    return T(1) + T(per_nat) * (at.chosen - at.rejected);
  }
};

/// (max(0, 1 - z))^2.
struct squared_hinge {
  template <class T>
  T value(const T& z) const {
    return z < T(1) ? (T(1) - z) * (T(1) - z) : T(0);
  }
  template <class T>
  T derivative(const T& z) const {
    return z < T(1) ? T(2) * (z - T(1)) : T(0);
  }
};

/// A number without a range of its own, as an interval or a tracer would be.
struct number {
  double value = 0;
  number() = default;
  number(double x) : value{x} {}  // NOLINT(google-explicit-constructor)
  friend number operator+(number a, number b) { return a.value + b.value; }
  friend number operator-(number a, number b) { return a.value - b.value; }
  friend number operator*(number a, number b) { return a.value * b.value; }
  friend number operator/(number a, number b) { return a.value / b.value; }
  friend number operator-(number a) { return -a.value; }
  friend bool operator<(number a, number b) { return a.value < b.value; }
  friend bool operator==(number a, number b) { return a.value == b.value; }
  number& operator+=(number b) { return value += b.value, *this; }
  friend number exp(number x) { return std::exp(x.value); }
  friend number log(number x) { return std::log(x.value); }
  friend number tanh(number x) { return std::tanh(x.value); }
  friend bool isfinite(number x) { return std::isfinite(x.value); }
};

/// Blocks backwards, every one in a lane of its own.
struct backwards {
  using space_type = po::space::host;
  po::index lanes(po::index blocks) const { return std::max<po::index>(1, blocks); }
  template <class Work>
  void for_each_block(po::index blocks, Work&& work) const {
    for (po::index block = blocks; block-- > 0;) { work(block, block); }
  }
};

}  // namespace stranger

template <>
struct std::numeric_limits<stranger::number> : std::numeric_limits<double> {
  static stranger::number epsilon() { return std::numeric_limits<double>::epsilon(); }
};

using namespace test_support;

TEST_CASE("a stranger's selection, beta and objective: loss, gradient and betas by hand") {
  const std::vector<std::vector<std::size_t>> lists{{0, 2}, {}};
  const po::pipeline theirs{stranger::listed{lists}, stranger::gap_beta{.per_nat = 0.5},
                            po::objective::composed{po::margin::log_ratio{}, po::aggregate::sum{},
                                                    stranger::squared_hinge{}}};
  const table<double> policy{{-1, -1}, {-1.5, -9, -0.5, -3, -3, -3}};
  const auto found = evaluate(theirs, policy.view(), po::reference_free);
  // beta 1.25 and 0.75; margins 0.625 and -0.375; z = 0.25, loss 0.5625, dL/dz = -1.5.
  REQUIRE(found.row_loss[0] == 0.5625);
  REQUIRE(found.gradient.chosen[0] == -1.5 * (1.25 + 0.75));
  REQUIRE(found.gradient.rejected[0] == 1.5 * 1.25);
  REQUIRE(found.gradient.rejected[1] == 0);
  REQUIRE(found.gradient.rejected[2] == 1.5 * 0.75);
  REQUIRE(found.beta == std::vector<double>{1.25, 0, 0.75, 0, 0, 0});
  REQUIRE(found.result.empty_rows == 1);
}

TEST_CASE("a stranger's scalar goes through every step") {
  const batch<double> rows = random_batch<double>(1, 30, 6);
  const auto theirs = [](const std::vector<double>& values) {
    return std::vector<stranger::number>(values.begin(), values.end());
  };
  const table<stranger::number> policy{theirs(rows.policy.chosen), theirs(rows.policy.rejected)};
  const table<stranger::number> reference{theirs(rows.reference.chosen), theirs(rows.reference.rejected)};
  const auto check = [&](const auto& pipeline) {
    const auto expected = evaluate(pipeline, rows.policy.view(), rows.reference.view());
    table<stranger::number> gradient{policy.chosen, policy.rejected};
    const auto found = po::loss_and_gradient(po::exec::threads{2}, pipeline, policy.view(), reference.view(),
                                             {.gradient = gradient.view(), .reduction = po::reduction::sum});
    REQUIRE(std::abs(found.loss.value - expected.result.loss) <= 1e-14 * expected.result.loss);
    for (std::size_t i = 0; i < gradient.rejected.size(); ++i) {
      REQUIRE(std::abs(gradient.rejected[i].value - expected.gradient.rejected[i]) <= 1e-15);
    }
  };
  check(po::dynamic(po::objective::sdpo));
  check(po::vanilla(po::objective::mppo));
}

TEST_CASE("a stranger's execution policy gives the bits of seq") {
  const batch<float> rows = random_batch<float>(2, 1500, 7, true);
  const auto dynamic = po::dynamic(po::objective::sdpo);
  const auto one = evaluate(dynamic, rows.policy.view(), rows.reference.view());
  REQUIRE(same_bits(one, evaluate(dynamic, rows.policy.view(), rows.reference.view(), {}, stranger::backwards{})));
}

TEST_CASE("an objective without reference reads none, whatever is given in its place") {
  const batch<double> rows = random_batch<double>(3, 20, 4);
  table<double> poisoned = rows.reference;
  for (double& score : poisoned.rejected) { score = nan_of<double>; }
  const table<double> another_shape{{-1}, {-2}};
  const auto check = [&](const auto& objective) {
    const auto dynamic = po::dynamic(objective);
    const auto found = evaluate(dynamic, rows.policy.view(), po::reference_free);
    REQUIRE(same_bits(found, evaluate(dynamic, rows.policy.view(), poisoned.view())));
    REQUIRE(same_bits(found, evaluate(dynamic, rows.policy.view(), another_shape.view())));
  };
  check(po::objective::mppo);
  check(po::objective::simpo(0.5));
}

TEST_CASE("a reference of wider numbers than the policy") {
  const batch<float> rows = random_batch<float>(4, 20, 4);
  const table<double> wide{{rows.reference.chosen.begin(), rows.reference.chosen.end()},
                           {rows.reference.rejected.begin(), rows.reference.rejected.end()}};
  const auto dynamic = po::dynamic(po::objective::dmpo);
  REQUIRE(same_bits(evaluate(dynamic, rows.policy.view(), rows.reference.view()),
                    evaluate(dynamic, rows.policy.view(), wide.view())));
}
