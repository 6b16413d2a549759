// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/softplus.hpp"

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <limits>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

namespace mp = boost::multiprecision;
using digits50 = mp::number<mp::cpp_bin_float_50::backend_type, mp::et_off>;

/// Distance in units of the last place of `exact`.
template <class T>
double ulps(T found, const digits50& exact) {
  const T near = static_cast<T>(exact);
  const T unit = std::nextafter(std::abs(near), std::numeric_limits<T>::infinity()) - std::abs(near);
  return static_cast<double>(abs(digits50(found) - exact) / digits50(unit));
}

digits50 exact_softplus(const digits50& x) { return x > 0 ? digits50(x + log1p(exp(-x))) : digits50(log1p(exp(x))); }
digits50 exact_logistic(const digits50& x) { return 1 / (1 + exp(-x)); }

/// Where float and double round differently: the whole range, dense near 0, near -log of the epsilon, near underflow.
template <class T, class Visit>
void for_each_x(const Visit& visit) {
  dynamicpo::sample::philox_engine random{1};
  const double deepest = std::is_same_v<T, float> ? 100 : 740;  // further down the results leave the normal numbers
  for (int i = 0; i < 20000; ++i) {
    visit(static_cast<T>(40 * random.uniform() - 20));
    visit(static_cast<T>(2 * deepest * random.uniform() - deepest));
    visit(static_cast<T>((random.below(2) == 0 ? -1 : 1) * std::exp2(-60 * random.uniform())));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("softplus and logistic against 50 digits over the whole range", "", float, double) {
  double worst_softplus = 0, worst_logistic = 0;
  for_each_x<TestType>([&](TestType x) {
    const double value = ulps(detail::softplus(x), exact_softplus(x));
    const double slope = ulps(detail::logistic(x), exact_logistic(x));
    if (!(value <= worst_softplus)) { worst_softplus = value; }
    if (!(slope <= worst_logistic)) { worst_logistic = slope; }
  });
  CAPTURE(worst_softplus, worst_logistic);
  REQUIRE(worst_softplus <= 2);  // 1.25 in float, 1.38 in double
  REQUIRE(worst_logistic <= 3);  // 1.97 in float, 2.04 in double
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
