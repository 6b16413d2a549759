// SPDX-License-Identifier: MIT
#include "dynamicpo/beta/dual_margin.hpp"

#include <cmath>
#include <limits>

#include "dynamicpo/beta/fixed.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;

TEST_CASE("dual_margin: its formula on the rows that the reference code mixes up") {
  // chosen -5, boundary -4, rest -14.5: d1 = -1, d2 = 10.5.
  const po::beta::dual_margin rule{.base = 1, .alpha = 0.5, .gamma = 2};
  const double beta = rule(po::beta::context<double>{-5, -4, -14.5});
  REQUIRE(std::abs(beta - (1 + 0.5 * std::tanh(-13.5 / 11.5))) <= 1e-16);
  REQUIRE(std::abs(beta - 0.5872) < 5e-5);
  REQUIRE(std::abs(rule(po::beta::context<double>{-5, -4.5, -9}) - 0.557) < 5e-4);
}

TEMPLATE_TEST_CASE("dual_margin: within [base (1 - alpha), base (1 + alpha)] for any scores", "", float, double) {
  po::sample::philox_engine random{1};
  for (int i = 0; i < 100000; ++i) {
    const auto any = [&] {
      const double sign = random.below(2) == 0 ? -1 : 1;
      return random.below(8) == 0 ? 0.0 : sign * std::exp(40 * random.uniform() - 20);
    };
    const double base = 2 * random.uniform(), alpha = random.uniform();
    const po::beta::dual_margin rule{.base = base, .alpha = alpha, .gamma = any()};
    const TestType chosen = static_cast<TestType>(any()), rejected = static_cast<TestType>(any());
    const TestType beta = rule(po::beta::context<TestType>{chosen, rejected, any()});
    const double rounding = 4 * base * static_cast<double>(std::numeric_limits<TestType>::epsilon());
    REQUIRE(static_cast<double>(beta) >= base * (1 - alpha) - rounding);
    REQUIRE(static_cast<double>(beta) <= base * (1 + alpha) + rounding);
  }
}

TEMPLATE_TEST_CASE("dual_margin: a zero denominator takes the limit, approached from beside it", "", float, double) {
  for (const double gamma : {-6.0, -0.5, 0.5, 6.0}) {
    CAPTURE(gamma);
    const po::beta::dual_margin rule{.base = 1, .alpha = 0.5, .gamma = gamma};
    const TestType at = rule(po::beta::context<TestType>{-9, -9, -9});
    REQUIRE(at == TestType(gamma > 0 ? 0.5 : 1.5));
    REQUIRE(rule(po::beta::context<TestType>{-9, -9, -9 - 0x1p-10}) == at);
  }
  REQUIRE(po::beta::dual_margin{.base = 0.5, .gamma = 0}(po::beta::context<TestType>{-9, -9, -9}) == TestType(0.5));
}

TEST_CASE("dual_margin: far from 0 the mean of the rest keeps its digits, in float") {
  // d1 = d2 up to an eighth of the spacing of floats near -1200: invisible to a mean rounded to float.
  const po::beta::dual_margin rule{.base = 1, .alpha = 0.5, .gamma = 0};
  const float chosen = -1200.0f + 0x1p-13f, rejected = -1200.0f;
  const double rest = -1200.0 - 0x1p-13 - 0x1p-16;
  const float beta = rule(po::beta::context<float>{chosen, rejected, rest});
  REQUIRE(std::abs(beta - static_cast<float>(1 + 0.5 * std::tanh(-0x1p-16 / (2 * 0x1p-13 + 0x1p-16)))) <= 1e-6f);
  REQUIRE(beta < 0.98f);
}

TEST_CASE("fixed: base, whatever the scores") {
  REQUIRE(po::beta::fixed{.base = 0.1}(po::beta::context<double>{1, 2, 3}) == 0.1);
  REQUIRE_FALSE(po::beta::fixed::needs_rest);
  REQUIRE(po::beta::dual_margin::needs_rest);
}
