// SPDX-License-Identifier: MIT
#include "dynamicpo/lm/matrix_product.hpp"

#include "support/catch.hpp"

namespace lm = dynamicpo::lm;
namespace po = dynamicpo;

namespace {

struct fits {
  void operator()(po::index, po::index, po::index, const lm::operand<float>&, const lm::operand<float>&, float*,
                  po::index, bool) const;
};
struct cannot_accumulate {
  void operator()(po::index, po::index, po::index, const lm::operand<float>&, const lm::operand<float>&, float*,
                  po::index) const;
};

}  // namespace

TEST_CASE("matrix_product: what multiplies, of the number it multiplies") {
  STATIC_REQUIRE(lm::matrix_product<fits, float>);
  STATIC_REQUIRE_FALSE(lm::matrix_product<fits, double>);
  STATIC_REQUIRE_FALSE(lm::matrix_product<cannot_accumulate, float>);
  const float memory = 1;
  REQUIRE_FALSE(lm::operand<float>{&memory, 4}.transposed);
}
