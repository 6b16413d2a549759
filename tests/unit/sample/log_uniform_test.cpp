// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/log_uniform.hpp"

#include <cmath>
#include <stdexcept>

#include "support/catch.hpp"
#include "unit/sample/draws.hpp"

namespace sample = dynamicpo::sample;

TEST_CASE("log_uniform draws by the ratio of neighbouring places") {
  STATIC_REQUIRE(sample::sampler<sample::log_uniform>);
  for (const dynamicpo::index items : {2, 10, 500}) {
    const sample::log_uniform sampler(items);
    REQUIRE(std::abs(test_support::total_probability(sampler) - 1) <= 1e-12);
    REQUIRE(std::abs(sampler.probability(0) - std::log(2.0) / std::log(static_cast<double>(items) + 1)) <= 1e-15);
    REQUIRE(std::abs(test_support::deviation_of(sampler, 200000)) <= 4);
  }
  const sample::log_uniform one(1);
  auto words = sample::slot_stream(1, 0, 0).words(0);
  REQUIRE((one.draw(words) == 0 && one.probability(0) == 1));
}

TEST_CASE("log_uniform refuses a catalogue of none") {
  REQUIRE_THROWS_AS(sample::log_uniform(0), std::invalid_argument);
}
