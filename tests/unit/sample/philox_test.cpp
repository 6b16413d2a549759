// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/philox.hpp"

#include <array>
#include <cstdint>

#include "support/catch.hpp"

using dynamicpo::sample::bounded;
using dynamicpo::sample::philox4x32;
using dynamicpo::sample::philox_engine;
using block = std::array<std::uint32_t, 4>;

TEST_CASE("philox4x32: the known answers of its authors") {
  STATIC_REQUIRE(philox4x32({0, 0, 0, 0}, {0, 0}) == block{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  constexpr std::uint32_t ones = 0xffffffffu;
  REQUIRE(philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
          block{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  REQUIRE(philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}) ==
          block{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("philox_engine: word n of a stream is word n mod 4 of block n / 4, key the seed, counter block and stream") {
  const std::uint64_t seed = 0x299f31d0a4093822u, stream = 0x0370734413198a2eu;
  philox_engine engine{seed, stream};
  for (std::uint32_t n = 0; n < 20; ++n) {
    const block words = philox4x32({n / 4, 0, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u});
    REQUIRE(engine() == words[n % 4]);
  }
  philox_engine a{1, 2}, b{1, 2}, c{1, 3}, d{2, 2};
  const std::uint32_t first = a();
  REQUIRE(first == b());
  REQUIRE(first != c());
  REQUIRE(first != d());
}

TEST_CASE("bounded and uniform stay in range, at the ends of the words too") {
  constexpr std::uint32_t most = 0xffffffffu;
  for (const std::uint32_t bound : {1u, 2u, 3u, 1000u, 0x80000001u, most}) {
    REQUIRE(bounded(0, bound) == 0);
    REQUIRE(bounded(most, bound) == bound - 1);
  }
  philox_engine engine{7};
  double least = 1, greatest = 0, sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double u = engine.uniform();
    least = u < least ? u : least;
    greatest = u > greatest ? u : greatest;
    sum += u;
  }
  REQUIRE(least >= 0);
  REQUIRE(least < 1e-4);
  REQUIRE(greatest < 1);
  REQUIRE(greatest > 1 - 1e-4);
  REQUIRE(sum / 100000 > 0.5 - 0.004);  // 4 standard deviations
  REQUIRE(sum / 100000 < 0.5 + 0.004);
}
