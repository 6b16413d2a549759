// SPDX-License-Identifier: MIT
#include "dynamicpo/validate.hpp"

#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

TEMPLATE_TEST_CASE("validate counts what loss would, and names the first defect", "", float, double) {
  constexpr auto nan = test_support::nan_of<TestType>, infinity = test_support::infinity_of<TestType>;
  // Valid, NaN rejected, empty by -inf, chosen -inf, reference NaN, +inf rejected.
  const test_support::table<TestType> policy{{-1, -1, -1, -infinity, -1, -1},
                                             {-2, -3, -2, nan, -infinity, -infinity, -2, -3, -2, -3, infinity, -3}};
  const test_support::table<TestType> reference{{-1, -1, -1, -1, -1, -1},
                                                {-2, -3, -2, -3, -2, -3, -2, -3, nan, -3, -2, -3}};
  const auto found = po::validate(policy.view(), reference.view());
  REQUIRE(found.rows == 1);
  REQUIRE(found.empty_rows == 1);
  REQUIRE(found.invalid_rows == 4);
  REQUIRE(found.first_invalid.text() == "row 1, rejected 1: the score is NaN or +inf");

  const auto loss = po::loss(po::exec::seq, po::vanilla(po::objective::sdpo), policy.view(), reference.view(),
                             {.nonfinite = po::nonfinite::skip});
  REQUIRE(test_support::same_counts(found, loss));

  const auto alone = po::validate(policy.view(), po::reference_free);
  REQUIRE(alone.rows == 2);
  REQUIRE(alone.invalid_rows == 3);
  REQUIRE(po::validate(policy.view().slice(3, 1), reference.view().slice(3, 1)).first_invalid.text() ==
          "row 0: the chosen score is not finite");
  REQUIRE(po::validate(policy.view().slice(4, 1), reference.view().slice(4, 1)).first_invalid.text() ==
          "row 0, rejected 0: the log-ratio is not finite");
}

TEST_CASE("validate throws for shapes alone") {
  const test_support::table<double> three{{1, 2, 3}, {1, 2, 3}}, wide{{1, 2, 3}, {1, 2, 3, 4, 5, 6}};
  REQUIRE_THROWS_AS(po::validate(three.view(), wide.view()), std::invalid_argument);
  REQUIRE_THROWS_WITH(po::validate(three.view(), wide.view()),
                      "dynamicpo::validate: policy is [3] + [3, 1], reference is [3] + [3, 2]");
  REQUIRE(po::validate(three.view().slice(0, 0), po::reference_free).rows == 0);
}
