// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/mixed.hpp"

#include <cmath>
#include <stdexcept>

#include "dynamicpo/sample/log_uniform.hpp"
#include "dynamicpo/sample/uniform.hpp"
#include "support/catch.hpp"
#include "unit/sample/draws.hpp"

namespace sample = dynamicpo::sample;

TEST_CASE("mixed draws from either by its share") {
  for (const double share : {0.0, 0.3, 1.0}) {
    const sample::mixed sampler(share, sample::uniform(50), sample::log_uniform(50));
    STATIC_REQUIRE(sample::sampler<std::remove_const_t<decltype(sampler)>>);
    REQUIRE(std::abs(test_support::total_probability(sampler) - 1) <= 1e-12);
    REQUIRE(std::abs(sampler.probability(0) - (share / 50 + (1 - share) * std::log(2.0) / std::log(51.0))) <= 1e-15);
    REQUIRE(std::abs(test_support::deviation_of(sampler, 200000)) <= 4);
  }
}

TEST_CASE("mixed refuses a share that is none, and catalogues of two sizes") {
  REQUIRE_THROWS_AS(sample::mixed(1.5, sample::uniform(5), sample::uniform(5)), std::invalid_argument);
  REQUIRE_THROWS_AS(sample::mixed(NAN, sample::uniform(5), sample::uniform(5)), std::invalid_argument);
  REQUIRE_THROWS_AS(sample::mixed(0.5, sample::uniform(5), sample::uniform(6)), std::invalid_argument);
}
