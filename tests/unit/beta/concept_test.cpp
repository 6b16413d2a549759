// SPDX-License-Identifier: MIT
#include "dynamicpo/beta/concept.hpp"

#include <cmath>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

namespace {

/// A stranger's rule that shows what a rule sees.
struct shows_context {
  static constexpr bool needs_rest = true;
  template <class T>
  T operator()(const po::beta::context<T>& at) const {
    return static_cast<T>(T(10000) * at.chosen + T(100) * at.rejected + T(at.mean_rest));
  }
};

struct does_not_say_what_it_needs {
  template <class T>
  T operator()(const po::beta::context<T>&) const {
    return T(1);
  }
};

}  // namespace

TEST_CASE("beta rules of the library and of strangers model beta_rule, others do not") {
  STATIC_REQUIRE(po::beta_rule<po::beta::fixed, float>);
  STATIC_REQUIRE(po::beta_rule<po::beta::dual_margin, double>);
  STATIC_REQUIRE(po::beta_rule<shows_context, float>);
  STATIC_REQUIRE_FALSE(po::beta_rule<does_not_say_what_it_needs, float>);
  STATIC_REQUIRE_FALSE(po::beta_rule<double, double>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::beta::context<float>::mean_rest), double>);
}

TEST_CASE("a beta rule sees policy scores and the mean of the rest, whatever the reference") {
  const std::vector<double> chosen{5}, rejected{4, 7, 2, 9}, ref_chosen{1}, ref_rejected{8, 3, 6, 2};
  const auto betas = [&](const auto& select) {
    return test_support::evaluate(po::pipeline{select, shows_context{}, po::objective::dmpo},
                                  po::view(chosen, rejected), po::view(ref_chosen, ref_rejected))
        .beta;
  };
  // The rest of the violators {7, 9} is {4, 2}; where none is left out it is the selected ones.
  REQUIRE(betas(po::select::violators{}) == std::vector<double>{0, 50703, 0, 50903});
  REQUIRE(betas(po::select::all{}) == std::vector<double>{50405.5, 50705.5, 50205.5, 50905.5});
}
