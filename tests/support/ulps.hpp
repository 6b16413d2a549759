// SPDX-License-Identifier: MIT
#pragma once

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <limits>

namespace test_support {

using digits50 =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float_50::backend_type, boost::multiprecision::et_off>;

/// Distance in units of the last place of `exact`, whose size is a T; among denormal numbers those of the least one.
template <class T>
double ulps(T found, const digits50& exact) {
  const T size = std::min(static_cast<T>(abs(exact)), std::numeric_limits<T>::max());
  const T unit = size == std::numeric_limits<T>::max() ? size - std::nextafter(size, T(0))
                                                       : std::nextafter(size, std::numeric_limits<T>::max()) - size;
  return static_cast<double>(abs(digits50(found) - exact) / digits50(unit));
}

/// The largest of what it is given; a NaN stays.
struct worst {
  double value = 0;
  void note(double next) {
    if (!(next <= value)) { value = next; }
  }
};

}  // namespace test_support
