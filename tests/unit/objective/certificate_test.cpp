// SPDX-License-Identifier: MIT
// Gradient suppression, in numbers: one violator at margin -2 and K - 1 easy negatives at +20, beta = 1. The gradient
// on the violator vanishes under DMPO as K grows; S-DPO and the boundary alone keep it.
#include <cmath>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;

namespace {

template <class T, class Pipeline>
double gradient_on_violator(const Pipeline& pipeline, std::size_t negatives) {
  const std::vector<T> chosen{-10};
  std::vector<T> rejected(negatives, T(-30));
  rejected[0] = -8;
  std::vector<T> of_chosen(1), of_rejected(negatives);
  po::loss_and_gradient(po::exec::seq, pipeline, po::view(chosen, rejected), po::reference_free,
                        {.gradient = po::view(of_chosen, of_rejected)});
  return static_cast<double>(of_rejected[0]);
}

bool agree(double found, double expected_to_3_digits) {
  return std::abs(found - expected_to_3_digits) <= 5e-3 * expected_to_3_digits;
}

}  // namespace

TEMPLATE_TEST_CASE("the gradient on the violator: DMPO, S-DPO, boundary only", "", float, double) {
  const po::pipeline boundary_only{po::select::boundary{}, po::beta::fixed{}, po::objective::dmpo};
  struct line {
    std::size_t negatives;
    double dmpo;
  };
  for (const auto& [negatives, dmpo] : {line{1, 0.881}, {2, 6.17e-5}, {5, 3.36e-8}, {15, 5.96e-10}, {31, 1.35e-10}}) {
    CAPTURE(negatives);
    REQUIRE(agree(gradient_on_violator<TestType>(po::vanilla(po::objective::dmpo), negatives), dmpo));
    REQUIRE(agree(gradient_on_violator<TestType>(po::vanilla(po::objective::sdpo), negatives), 0.881));
    REQUIRE(agree(gradient_on_violator<TestType>(boundary_only, negatives), 0.881));
  }
}
