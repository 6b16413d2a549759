// SPDX-License-Identifier: MIT
#include "toy_llm/adamw.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

using toy_llm::adamw;

TEST_CASE("three steps by hand, with and without weight decay") {
  // p = 1, learning rate .1, decay .01, gradients .5, -1, 0. Step 1 has m / (1 - .9) = .5 and
  // sqrt(v / (1 - .999)) = .5: p = .999 - .1 / (1 + 2e-8).
  adamw<double> decayed{1, {.learning_rate = 0.1, .weight_decay = 0.01}};
  std::vector<double> p{1.0};
  const std::array gradients{0.5, -1.0, 0.0};
  const std::array expected{0.8990000019999999, 0.9347113542385652, 0.96207655119395};
  for (std::size_t t = 0; t < 3; ++t) {
    std::vector<double> gradient{gradients[t]};
    decayed.step(p, gradient);
    REQUIRE(std::abs(p[0] - expected[t]) <= 1e-14);
    REQUIRE(gradient[0] == 0);
  }

  adamw<double> plain{2, {.learning_rate = 0.1}};
  std::vector<double> q{-3.0, 5.0};
  const std::array second{-2.0, -2.0, 4.0};
  const std::array moved{-2.9000000005, -2.800000001000001, -2.807564934048931};
  for (std::size_t t = 0; t < 3; ++t) {
    std::vector<double> gradient{second[t], 0.0};
    plain.step(q, gradient);
    REQUIRE(std::abs(q[0] - moved[t]) <= 1e-14);
    REQUIRE(q[1] == 5.0);
  }
}

TEST_CASE("float follows double, in packets and in what is left over") {
  constexpr std::size_t size = 37;
  adamw<float> single{size, {.learning_rate = 0.01, .weight_decay = 0.1}};
  adamw<double> twice{size, {.learning_rate = 0.01, .weight_decay = 0.1}};
  std::vector<float> p(size), g(size);
  std::vector<double> q(size), h(size);
  for (std::size_t i = 0; i < size; ++i) {
    p[i] = std::sin(static_cast<float>(i));
    q[i] = double{p[i]};
  }
  for (int t = 0; t < 20; ++t) {
    for (std::size_t i = 0; i < size; ++i) {
      g[i] = std::cos(static_cast<float>(i) + static_cast<float>(t) / 8);
      h[i] = double{g[i]};
    }
    single.step(p, g);
    twice.step(q, h);
  }
  for (std::size_t i = 0; i < size; ++i) REQUIRE(std::abs(double{p[i]} - q[i]) <= 2e-6);
}

TEST_CASE("a step over other sizes is refused") {
  adamw<float> optimiser{3, {}};
  std::vector<float> three(3), two(2);
  REQUIRE_THROWS_AS(optimiser.step(two, three), std::invalid_argument);
  REQUIRE_THROWS_AS(optimiser.step(three, two), std::invalid_argument);
}
