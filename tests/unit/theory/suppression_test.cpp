// SPDX-License-Identifier: MIT
#include "dynamicpo/theory/suppression.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "dynamicpo/theory/gradient_share.hpp"
#include "support/catch.hpp"
#include "unit/theory/rows.hpp"

namespace po = dynamicpo;
namespace theory = dynamicpo::theory;
namespace mp = boost::multiprecision;
using digits50 = mp::number<mp::cpp_bin_float_50::backend_type, mp::et_off>;

namespace {

/// By its definition: weights of the row against those of the hardest alone.
template <class T, class Objective>
T ratio_by_definition(const Objective& objective, std::vector<T> margins) {
  std::size_t h = 0;
  for (std::size_t i = 1; i < margins.size(); ++i) { h = margins[i] < margins[h] ? i : h; }
  std::vector<T> alone{margins[h]};
  theory::weigh_margins(objective, std::span<T>(alone));
  theory::weigh_margins(objective, std::span<T>(margins));
  return margins[h] / alone[0];
}

template <class T>
std::vector<T> as(const std::vector<double>& margins) {
  return {margins.begin(), margins.end()};
}

/// How far log S lies outside its bounds, over what rounding may do.
template <class T, class Objective>
double violation(const Objective& objective, const std::vector<double>& margins, double epsilon) {
  using std::abs;
  const std::vector<T> row = as<T>(margins);
  const T found = theory::log_suppression(objective, std::span<const T>(row));
  const auto [lower, upper] = theory::log_suppression_bounds(objective, std::span<const T>(row));
  double scale = 1;
  for (const double margin : margins) { scale += std::abs(margin); }
  const T outside = lower - found < found - upper ? found - upper : lower - found;
  return static_cast<double>(outside) / (epsilon * scale);
}

}  // namespace

TEMPLATE_TEST_CASE("log_suppression is the log of the ratio", "", double, digits50) {
  const auto check = [](const auto& objective) {
    for (std::uint64_t i = 0; i < 400; ++i) {
      const auto margins = theory_test::margins_of(i);
      const std::vector<TestType> row = as<TestType>(margins);
      const TestType found = theory::log_suppression(objective, std::span<const TestType>(row));
      const TestType ratio = ratio_by_definition<TestType>(objective, row);
      if (!(ratio > 1e-290 && ratio < 1e290)) { continue; }  // beyond, only the logarithm is left
      using std::exp;
      REQUIRE(static_cast<double>(abs(TestType(exp(found) / ratio - 1))) <= 2e-12);
    }
  };
  check(po::objective::dmpo);
  check(po::objective::sdpo);
  check(po::objective::mppo);
}

TEST_CASE("suppression keeps its bounds on a million rows") {
  const auto worst = [](const auto& objective) {
    double found = -1e300;
    for (std::uint64_t i = 0; i < 1000000; ++i) {
      const double out = violation<double>(objective, theory_test::margins_of(i), 1e-15);
      if (std::isnan(out)) { return out; }
      found = std::max(found, out);
    }
    return found;
  };
  REQUIRE(worst(po::objective::dmpo) <= 1);
  REQUIRE(worst(po::objective::sdpo) <= 1);
  REQUIRE(worst(po::objective::mppo) <= 1);
}

TEST_CASE("suppression keeps its bounds in 50 digits, where rounding hides nothing") {
  const auto check = [](const auto& objective) {
    for (std::uint64_t i = 0; i < 3000; ++i) {
      REQUIRE(violation<digits50>(objective, theory_test::margins_of(i), 1e-45) <= 1);
    }
  };
  check(po::objective::dmpo);
  check(po::objective::sdpo);
  check(po::objective::mppo);
}

TEST_CASE("the bounds are tight") {
  const auto gaps = [](const auto& objective, const std::vector<double>& margins) {
    const std::span<const double> row(margins);
    const double found = theory::log_suppression(objective, row);
    const auto [lower, upper] = theory::log_suppression_bounds(objective, row);
    return std::pair(found - lower, upper - found);
  };
  // DMPO: below, a hardest that is won; above, equal margins, and easy others of one that is lost.
  REQUIRE(std::abs(gaps(po::objective::dmpo, {40, 45, 61}).first) <= 1e-13);
  REQUIRE(std::abs(gaps(po::objective::dmpo, {-3, -3, -3}).second) <= 1e-13);
  REQUIRE(std::abs(gaps(po::objective::dmpo, {-2, 200, 200}).second) <= 1e-13);
  // S-DPO: below, a hardest that is lost and all others at one gap; above, one other alone.
  REQUIRE(std::abs(gaps(po::objective::sdpo, {-60, -57, -57, -57}).first) <= 1e-13);
  REQUIRE(std::abs(gaps(po::objective::sdpo, {-1, 2}).second) <= 1e-13);
  REQUIRE(std::abs(gaps(po::objective::sdpo, {-1, 2, 500, 700}).second) <= 1e-13);
  // MPPO: below, a hardest that is won; above, one that is lost. With further violators: below, lost margins; above,
  // very many, or next to none.
  REQUIRE(std::abs(gaps(po::objective::mppo, {40, 45}).first) <= 1e-13);
  REQUIRE(std::abs(gaps(po::objective::mppo, {-2, 300}).second) <= 1e-13);
  REQUIRE(std::abs(gaps(po::objective::mppo, {-50, -40}).first) <= 1e-13);
  std::vector<double> many(60, -0.6);
  many[0] = -0.7;
  REQUIRE(std::abs(gaps(po::objective::mppo, many).second) <= 1e-12);
  REQUIRE(std::abs(gaps(po::objective::mppo, {-1e-7, -1e-8}).second) <= 1e-13);
}

TEST_CASE("the certificate: a violator at -2 among easy negatives at 20") {
  const auto gradient = [](const auto& objective, std::size_t n) {
    std::vector<double> margins(n, 20.0);
    margins[0] = -2;
    theory::weigh_margins(objective, std::span<double>(margins));
    return margins[0];
  };
  const double alone = 1 / (1 + std::exp(-2.0));
  REQUIRE(std::abs(gradient(po::objective::dmpo, 1) - alone) <= 1e-15);
  REQUIRE(std::abs(gradient(po::objective::dmpo, 15) - 6.0e-10) <= 0.05e-10);
  REQUIRE(std::abs(gradient(po::objective::sdpo, 15) - alone) <= 1e-8);
  REQUIRE(gradient(po::objective::mppo, 3) < 1e-16);
}

TEST_CASE("log_suppression refuses rows without margins") {
  const std::vector<double> none;
  REQUIRE_THROWS_AS(theory::log_suppression(po::objective::dmpo, std::span<const double>(none)), std::invalid_argument);
}
