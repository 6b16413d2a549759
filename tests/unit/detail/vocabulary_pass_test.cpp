// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/vocabulary_pass.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

template <bool WithEntropy, class T>
detail::softmax_sums sums_of(const std::vector<T>& logits) {
  detail::softmax_sums sums;
  detail::run_on_this_processor([&](auto bytes) {
    sums = detail::sums_over_vocabulary<detail::lanes<T, 64 / sizeof(T), bytes>, WithEntropy>(
        logits.data(), static_cast<dynamicpo::index>(logits.size()));
  });
  return sums;
}

/// The sums by their definition, and how far those of numbers T may be from them: each weight by its own units of the
/// last place and by those of x - shift, where a shift is at most 8 below the greatest.
template <class T>
struct expected {
  long double rest = 0, weighted = 0, rest_error = 0, weighted_error = 0;

  expected(const std::vector<T>& logits, std::size_t greatest) {
    constexpr long double unit = std::numeric_limits<T>::epsilon(), sum_error = sizeof(T) == 4 ? 0 : 1e-14L;
    for (std::size_t k = 0; k < logits.size(); ++k) {
      if (k == greatest || logits[k] == -infinity<T>) { continue; }
      const long double distance = static_cast<long double>(logits[k]) - static_cast<long double>(logits[greatest]);
      const long double weight = std::exp(distance),
                        error = weight * ((10 - distance) * unit / 2 + 2 * unit + sum_error);
      rest += weight;
      weighted += distance * weight;
      rest_error += error;
      weighted_error += (1 - distance) * error;
    }
    constexpr long double flushed = sizeof(T) == 4 ? 0x1p-180L : 0x1p-1500L;
    rest_error += static_cast<long double>(logits.size()) * flushed;
    weighted_error += static_cast<long double>(logits.size()) * flushed * 2000;
  }
};

template <class T>
void require_sums(const std::vector<T>& logits) {
  const auto at = static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  const auto plain = sums_of<false>(logits), with = sums_of<true>(logits);
  CAPTURE(logits.size(), at);
  REQUIRE(plain.most == static_cast<double>(logits[at]));
  REQUIRE(plain.argmax == static_cast<dynamicpo::index>(at));
  REQUIRE(with.most == plain.most);
  REQUIRE(with.argmax == plain.argmax);
  REQUIRE(with.rest == plain.rest);
  const expected<T> exact(logits, at);
  REQUIRE(std::abs(plain.rest - exact.rest) <= exact.rest_error);
  REQUIRE(std::abs(with.weighted - exact.weighted) <= exact.weighted_error);
}

}  // namespace

TEMPLATE_TEST_CASE("sums over a vocabulary are those of the definition, wherever the greatest stand", "", float,
                   double) {
  using T = TestType;
  dynamicpo::sample::philox_engine random{11};
  const auto noise = [&](double spread) { return static_cast<T>(spread * (random.uniform() + random.uniform() - 1)); };
  const std::vector<std::function<T(std::size_t)>> kinds{
      [&](std::size_t) { return noise(10); },
      [&](std::size_t) { return noise(2000); },
      [&](std::size_t k) { return static_cast<T>(k) / 100; },         // climbs in every piece, by less than 8 or more
      [&](std::size_t k) { return static_cast<T>(k) + noise(0.5); },  // beyond what one shift can bear
      [&](std::size_t k) { return -static_cast<T>(k) / 50; },
      [&](std::size_t k) { return static_cast<T>(k / 1024 * 7) + noise(3); },
      [&](std::size_t) { return static_cast<T>(random.below(3)); },  // most are the greatest
      [&](std::size_t k) { return k < 1500 ? -infinity<T> : noise(4); },
      [&](std::size_t) { return random.below(4) == 0 ? noise(4) : -infinity<T>; },
      [&](std::size_t k) { return k % 977 == 5 ? static_cast<T>(1e6) + noise(1) : noise(1); }};
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    for (const std::size_t size : {1u, 2u, 63u, 64u, 65u, 1000u, 1024u, 1025u, 3000u, 5000u}) {
      CAPTURE(kind);
      std::vector<T> logits(size);
      for (std::size_t k = 0; k < size; ++k) { logits[k] = kinds[kind](k); }
      logits[random.below(static_cast<std::uint32_t>(size))] = 0;  // one at least is possible
      require_sums(logits);
    }
  }
}

TEMPLATE_TEST_CASE("sums over a vocabulary of logits one of which stands out, at any place", "", float, double) {
  using T = TestType;
  for (const T above : {T(0), T(3), T(8), T(30), T(200), T(5000)}) {
    for (const std::size_t place : {0u, 1u, 17u, 63u, 64u, 1023u, 1024u, 1500u, 2047u, 2048u, 2999u}) {
      std::vector<T> logits(3000, T(-1));
      logits[place] = above;
      require_sums(logits);
      logits[2999 - place] = above;  // twice, often in one lane
      require_sums(logits);
    }
  }
}

TEMPLATE_TEST_CASE("sums over a vocabulary: what is not finite", "", float, double) {
  using T = TestType;
  for (const T odd : {not_a_number<T>, infinity<T>}) {
    for (const T others : {T(0), -infinity<T>}) {
      for (const std::size_t place : {0u, 5u, 64u, 1023u, 1024u, 2999u}) {
        std::vector<T> logits(3000, others);
        logits[2000] = T(4);
        logits[place] = odd;
        CAPTURE(odd, others, place);
        REQUIRE(std::isnan(sums_of<false>(logits).rest));
        REQUIRE(std::isnan(sums_of<true>(logits).rest));
        REQUIRE(std::isnan(sums_of<true>(logits).log_sum()));
      }
    }
  }
  const auto none = sums_of<true>(std::vector<T>(3000, -infinity<T>));
  REQUIRE(none.most == -infinity<double>);
  REQUIRE(none.argmax == -1);
  REQUIRE(none.rest == 0);
  std::vector<T> one(3000, -infinity<T>);
  one[1700] = T(-5);
  const auto alone = sums_of<true>(one);
  REQUIRE(alone.argmax == 1700);
  REQUIRE(alone.rest == 0);  // what is impossible weighs nothing at all
  REQUIRE(alone.entropy() == 0);
}
