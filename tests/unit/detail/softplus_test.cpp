// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/softplus.hpp"

#include <cmath>
#include <limits>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"
#include "support/ulps.hpp"

namespace detail = dynamicpo::detail;

using test_support::digits50;
using test_support::ulps;
using test_support::worst;

namespace {

digits50 exact_softplus(const digits50& x) { return x > 0 ? digits50(x + log1p(exp(-x))) : digits50(log1p(exp(x))); }
digits50 exact_logistic(const digits50& x) { return 1 / (1 + exp(-x)); }

/// Where float and double round differently: the whole range, dense near 0, near -log of the epsilon, near underflow.
template <class T, class Visit>
void for_each_x(const Visit& visit) {
  dynamicpo::sample::philox_engine random{1};
  const double deepest = std::is_same_v<T, float> ? 103 : 745;  // into the denormal numbers
  for (int i = 0; i < 20000; ++i) {
    visit(static_cast<T>(40 * random.uniform() - 20));
    visit(static_cast<T>(2 * deepest * random.uniform() - deepest));
    visit(static_cast<T>((random.below(2) == 0 ? -1 : 1) * std::exp2(-60 * random.uniform())));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("softplus and logistic against 50 digits over the whole range", "", float, double) {
  worst value, slope;
  for_each_x<TestType>([&](TestType x) {
    value.note(ulps(detail::softplus(x), exact_softplus(x)));
    slope.note(ulps(detail::logistic(x), exact_logistic(x)));
    const auto both = detail::softplus_and_logistic(x);
    REQUIRE((both.value == detail::softplus(x) && both.slope == detail::logistic(x)));
  });
  CAPTURE(value.value, slope.value);
  REQUIRE(value.value <= 2.1);
  REQUIRE(slope.value <= 2.5);
}

TEMPLATE_TEST_CASE("softplus and logistic at the ends", "", float, double) {
  const TestType infinity = std::numeric_limits<TestType>::infinity();
  const TestType nan = std::numeric_limits<TestType>::quiet_NaN(), huge = std::numeric_limits<TestType>::max();
  REQUIRE(detail::softplus(TestType(0)) == static_cast<TestType>(std::log(2.0L)));
  REQUIRE(detail::logistic(TestType(0)) == TestType(0.5));
  REQUIRE(detail::softplus(infinity) == infinity);
  REQUIRE(detail::softplus(huge) == huge);
  REQUIRE(detail::softplus(-infinity) == 0);
  REQUIRE(detail::softplus(-huge) == 0);
  REQUIRE(detail::logistic(infinity) == 1);
  REQUIRE(detail::logistic(-infinity) == 0);
  REQUIRE(std::isnan(detail::softplus(nan)));
  REQUIRE(std::isnan(detail::logistic(nan)));
  REQUIRE(detail::softplus(TestType(-17)) > 0);  // where 1 + e^x is 1 in float
  REQUIRE(detail::softplus(TestType(-100)) > 0);
}
