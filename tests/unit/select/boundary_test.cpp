// SPDX-License-Identifier: MIT
#include "dynamicpo/select/boundary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "dynamicpo/sample/philox.hpp"
#include "support/oracle.hpp"
#include "unit/select/select_from.hpp"

namespace po = dynamicpo;
using select_test::indices;
using select_test::select_from;

namespace {

template <class T>
indices boundary(T chosen, const std::vector<T>& rejected) {
  return select_from(po::select::boundary{}, chosen, rejected).selected;
}

}  // namespace

TEMPLATE_TEST_CASE("select::boundary is the violators where there are some", "", float, double) {
  const auto found = select_from<TestType>(po::select::boundary{}, -5, {-9, -4, -20, -5});
  REQUIRE(found.selected == indices{1, 3});
  REQUIRE(found.rule == po::selection_rule::violators);
}

TEMPLATE_TEST_CASE("select::boundary finds the violators of long rows, wherever they are", "", float, double,
                   long double) {
  for (const std::size_t size : {65u, 100u, 128u, 200u}) {
    for (std::size_t place = 0; place < size; ++place) {
      std::vector<TestType> rejected(size, -3);
      rejected[place] = TestType(-1);
      rejected[(place + 7) % size] = TestType(-2.5);
      REQUIRE(boundary<TestType>(-2, rejected) == indices{static_cast<int>(place)});
    }
  }
}

TEST_CASE("select::boundary of a long row as a constant") {
  constexpr auto rule = [] {
    double rejected[100] = {};
    rejected[70] = 1;
    po::select::scratch<double> none{};
    return po::select::boundary{}.cut_of(po::select::row_scores<double>{0.5, rejected}, none).rule;
  }();
  STATIC_REQUIRE(rule == po::selection_rule::violators);
}

TEMPLATE_TEST_CASE("select::boundary is the top of three clusters where none violates", "", float, double) {
  const auto found = select_from<TestType>(po::select::boundary{}, -1, {-9, -3, -20, TestType(-3.5), -10, -21});
  REQUIRE(found.selected == indices{1, 3});
  REQUIRE(found.rule == po::selection_rule::cluster);
}

TEMPLATE_TEST_CASE("select::boundary with fewer than three distinct values", "", float, double) {
  REQUIRE(boundary<TestType>(-5, {-9}) == indices{0});
  REQUIRE(boundary<TestType>(-5, {-9, -12}) == indices{0});
  REQUIRE(boundary<TestType>(-5, {-12, -9}) == indices{1});
  REQUIRE(boundary<TestType>(-5, {-9, -9, -12, -12, -12}) == indices{0, 1});
  REQUIRE(boundary<TestType>(-5, {-7, -7, -7, -7}) == indices{0, 1, 2, 3});
  REQUIRE(boundary<TestType>(-5, {TestType(-0.1) * 70, TestType(-0.1) * 70}) == indices{0, 1});
  const auto empty = select_from<TestType>(po::select::boundary{}, -5, {});
  REQUIRE(empty.selected.empty());
  REQUIRE(empty.rule == po::selection_rule::none);
}

TEMPLATE_TEST_CASE("select::boundary resolves equal costs to the larger top cluster, in every order", "", float,
                   double) {
  std::vector<TestType> rejected{0, 1, 2, 3};
  do {
    std::set<TestType> values;
    for (const int i : boundary<TestType>(9, rejected)) { values.insert(rejected[static_cast<std::size_t>(i)]); }
    REQUIRE(values == std::set<TestType>{2, 3});
  } while (std::next_permutation(rejected.begin(), rejected.end()));
  // Tenths are not exact in binary: the tie holds within rounding.
  REQUIRE(boundary<TestType>(9, {TestType(0.1), TestType(0.2), TestType(0.3), TestType(0.4)}) == indices{2, 3});
}

TEMPLATE_TEST_CASE("select::boundary holds every duplicate of a value or none", "", float, double) {
  REQUIRE(boundary<TestType>(0, {-4, -8, -4, -9, -4, -30, -31}) == indices{0, 2, 4});
}

TEMPLATE_TEST_CASE("select::boundary cuts exactly where scores are far from 0 or of extreme size", "", float, double) {
  const std::vector<TestType> near{-9, -3, -20, TestType(-3.5), -10, -21};
  for (const double offset : {-1200.0, -65536.0}) {
    std::vector<TestType> far;
    for (const TestType x : near) { far.push_back(static_cast<TestType>(static_cast<double>(x) + offset)); }
    REQUIRE(boundary<TestType>(0, far) == indices{1, 3});
  }
  for (const int exponent : {-120, 120}) {
    std::vector<TestType> scaled;
    for (const TestType x : near) { scaled.push_back(std::ldexp(x, exponent)); }
    REQUIRE(boundary<TestType>(0, scaled) == indices{1, 3});
  }
}

TEST_CASE("select::boundary at the ends of double's range") {
  REQUIRE(boundary<double>(0, {-9e300, -3e300, -2e301, -3.5e300, -1e301, -2.1e301}) == indices{1, 3});
  REQUIRE(boundary<double>(0, {-9e-300, -3e-300, -2e-299, -3.5e-300, -1e-299, -2.1e-299}) == indices{1, 3});
  REQUIRE(boundary<double>(0, {-9e155, -3e155, -2e156, -3.5e155, -1e156, -2.1e156}) == indices{1, 3});
  REQUIRE(boundary<double>(0, {-9e-155, -3e-155, -2e-154, -3.5e-155, -1e-154, -2.1e-154}) == indices{1, 3});
}

TEST_CASE("select::boundary is the same for few and many negatives as an exhaustive search") {
  po::sample::philox_engine random{2024};
  for (const int size : {3, 4, 7, 15, 64, 255, 256, 257, 400}) {
    for (int repeat = 0; repeat < (size < 100 ? 200 : 5); ++repeat) {
      test_support::oracle::row row;
      // Every other row on a grid, for duplicates and ties.
      for (int i = 0; i < size; ++i) {
        row.rejected.push_back(repeat % 2 == 0 ? -40 * random.uniform() - 0.5 : -1.0 - random.below(12));
      }
      const std::vector<bool> expected = test_support::oracle::boundary(row);
      indices wanted;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (expected[i]) { wanted.push_back(static_cast<int>(i)); }
      }
      CAPTURE(size, repeat);
      REQUIRE(boundary(row.chosen, row.rejected) == wanted);
    }
  }
}

TEMPLATE_TEST_CASE("select::boundary: most scores at an outlier leave the boundary of the others", "", float, double) {
  for (const TestType outlier : {TestType(-1e30), std::numeric_limits<TestType>::lowest(), TestType(-1e9)}) {
    std::vector<TestType> row(20, outlier);
    for (const TestType x : {TestType(-7), TestType(-6.9), TestType(-5)}) { row.push_back(x); }
    REQUIRE(boundary(TestType(0), row) == indices{22});
  }
}

TEMPLATE_TEST_CASE("select::boundary: rows past the all-pairs limit: the top of three clumps, in any order", "", float,
                   double) {
  dynamicpo::sample::philox_engine random{4};
  std::vector<TestType> row;
  for (int i = 0; i < 900; ++i) {
    const double centre = i % 3 == 0 ? -5 : i % 3 == 1 ? -30 : -200;
    row.push_back(static_cast<TestType>(centre + random.uniform()));
  }
  const indices found = boundary(TestType(0), row);
  REQUIRE(found.size() == 300);
  REQUIRE(std::all_of(found.begin(), found.end(), [](int slot) { return slot % 3 == 0; }));
}
