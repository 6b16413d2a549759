// SPDX-License-Identifier: MIT
// The theory over other scalars: 50 digits say how far the doubles are off, and an autodiff scalar's derivatives are
// what 50 digits say by differences.
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/theory/gradient_share.hpp"
#include "dynamicpo/theory/suppression.hpp"
#include "support/catch.hpp"
#include "support/jet.hpp"

namespace {

namespace po = dynamicpo;
namespace mp = boost::multiprecision;
namespace theory = dynamicpo::theory;
using digits50 = mp::number<mp::cpp_bin_float_50::backend_type, mp::et_off>;

constexpr std::size_t negatives = 4;
using jet = ceres::Jet<double, negatives>;

std::vector<double> margins_of(std::uint64_t seed) {
  po::sample::philox_engine random{seed};
  std::vector<double> margins(negatives);
  for (double& each : margins) { each = -6 + 14 * random.uniform(); }
  return margins;
}

template <class T>
std::vector<T> in(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

template <class Objective, class T>
T log_suppression(const Objective& objective, const std::vector<T>& margins) {
  return theory::log_suppression(objective, std::span<const T>(margins));
}

/// By central differences of 50 digits: their error is of the order of 1e-20.
template <class Function>
double slope_of(const Function& of, const std::vector<double>& margins, std::size_t k) {
  const digits50 step("1e-10");
  auto above = in<digits50>(margins), below = above;
  above[k] += step;
  below[k] -= step;
  return static_cast<double>((of(above) - of(below)) / (2 * step));
}

template <class Objective>
void check(const Objective& objective) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto margins = margins_of(seed);
    CAPTURE(seed);

    const auto exact = static_cast<double>(log_suppression(objective, in<digits50>(margins)));
    const auto close = [](double found, double expected) {
      return std::abs(found - expected) <= 1e-13 * std::max(1.0, std::abs(expected));
    };
    REQUIRE(close(log_suppression(objective, margins), exact));
    const auto wide = in<digits50>(margins);
    const auto bounds = theory::log_suppression_bounds(objective, std::span<const digits50>(wide));
    REQUIRE((bounds.lower <= exact + 1e-13 && exact <= bounds.upper + 1e-13));

    auto jets = in<jet>(margins);
    for (std::size_t k = 0; k < negatives; ++k) { jets[k].v[static_cast<int>(k)] = 1; }
    const jet found = log_suppression(objective, jets);
    REQUIRE(close(found.a, exact));
    // The loss by margin k is what weigh_margins gives: through Jets, 50 digits and doubles alike.
    auto weights = margins;
    auto jet_weights = jets;
    const double loss = theory::weigh_margins(objective, std::span<double>(weights));
    const jet jet_loss = theory::weigh_margins(objective, std::span<jet>(jet_weights));
    REQUIRE(close(jet_loss.a, loss));
    for (std::size_t k = 0; k < negatives; ++k) {
      const auto suppression = [&](const auto& at) { return log_suppression(objective, at); };
      const auto loss_of = [&](auto at) { return theory::weigh_margins(objective, std::span<digits50>(at)); };
      const double slope = found.v[static_cast<int>(k)], expected = slope_of(suppression, margins, k);
      REQUIRE(std::abs(slope - expected) <= 1e-12 * std::max(1.0, std::abs(expected)));
      REQUIRE(std::abs(weights[k] + jet_loss.v[static_cast<int>(k)]) <= 1e-13);
      REQUIRE(std::abs(weights[k] + slope_of(loss_of, margins, k)) <= 1e-12);
    }
  }
}

}  // namespace

TEST_CASE("theory over 50 digits and autodiff scalars") {
  check(po::objective::dmpo);
  check(po::objective::sdpo);
  check(po::objective::mppo);
}

TEST_CASE("gradient shares over 50 digits and autodiff scalars add up to one") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto shares = in<digits50>(margins_of(seed));
    auto jets = in<jet>(margins_of(seed));
    for (std::size_t k = 0; k < negatives; ++k) { jets[k].v[static_cast<int>(k)] = 1; }
    theory::share_gradient(po::objective::sdpo, std::span<digits50>(shares));
    theory::share_gradient(po::objective::sdpo, std::span<jet>(jets));
    digits50 total = 0;
    double change = 0;
    for (std::size_t k = 0; k < negatives; ++k) {
      total += shares[k];
      change += jets[k].v[0];
      REQUIRE(std::abs(jets[k].a - static_cast<double>(shares[k])) <= 1e-14);
    }
    REQUIRE(abs(total - 1) <= digits50("1e-45"));
    REQUIRE(std::abs(change) <= 1e-14);
    REQUIRE(jets[0].v[0] < 0);  // a wider margin has a smaller share
  }
}
