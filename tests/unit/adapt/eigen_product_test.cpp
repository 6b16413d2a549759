// SPDX-License-Identifier: MIT
#include "dynamicpo/adapt/eigen_product.hpp"

#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace lm = dynamicpo::lm;
namespace po = dynamicpo;

namespace {

/// Whole numbers, so that every order of sums gives the same.
template <class T>
std::vector<T> numbers(std::uint64_t seed, po::index count) {
  dynamicpo::sample::philox_engine random{seed};
  std::vector<T> made;
  for (po::index i = 0; i < count; ++i) { made.push_back(static_cast<T>(random.below(19)) - T(9)); }
  return made;
}

}  // namespace

TEMPLATE_TEST_CASE("eigen_product: either side transposed, strides, written or added", "", float, double) {
  STATIC_REQUIRE(lm::matrix_product<dynamicpo::adapt::eigen_product, TestType>);
  constexpr po::index rows = 5, columns = 7, inner = 11, a_stride = 13, b_stride = 12, c_stride = 9;
  const auto a = numbers<TestType>(1, 200), b = numbers<TestType>(2, 200);
  for (const bool a_turned : {false, true}) {
    for (const bool b_turned : {false, true}) {
      for (const bool accumulate : {false, true}) {
        std::vector<TestType> c(rows * c_stride, TestType(3));
        dynamicpo::adapt::eigen_product{}(rows, columns, inner, lm::operand<TestType>{a.data(), a_stride, a_turned},
                                          lm::operand<TestType>{b.data(), b_stride, b_turned}, c.data(), c_stride,
                                          accumulate);
        for (po::index i = 0; i < rows; ++i) {
          for (po::index j = 0; j < c_stride; ++j) {
            TestType expected = accumulate || j >= columns ? TestType(3) : TestType(0);
            for (po::index k = 0; j < columns && k < inner; ++k) {
              const po::index left = a_turned ? k * a_stride + i : i * a_stride + k;
              const po::index right = b_turned ? j * b_stride + k : k * b_stride + j;
              expected += a[static_cast<std::size_t>(left)] * b[static_cast<std::size_t>(right)];
            }
            CAPTURE(a_turned, b_turned, accumulate, i, j);
            REQUIRE(c[static_cast<std::size_t>(i * c_stride + j)] == expected);
          }
        }
      }
    }
  }
}
