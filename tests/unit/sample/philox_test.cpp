// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/philox.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

namespace po = dynamicpo;
using words = std::array<std::uint32_t, 4>;

TEST_CASE("philox4x32: the published known answers") {
  constexpr std::uint32_t ones = 0xffffffffu;
  STATIC_REQUIRE(po::sample::philox4x32({0, 0, 0, 0}, {0, 0}) == words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  STATIC_REQUIRE(po::sample::philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
                 words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  STATIC_REQUIRE(po::sample::philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
                 words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("philox_engine: word n is word n % 4 of block n / 4 of its stream") {
  constexpr std::uint64_t seed = 0x0123456789abcdef, stream = 0xfedcba9876543210;
  po::sample::philox_engine engine{seed, stream};
  for (std::uint32_t n = 0; n < 40; ++n) {
    const auto block = po::sample::philox4x32({n / 4, 0, 0x76543210, 0xfedcba98}, {0x89abcdef, 0x01234567});
    REQUIRE(engine() == block[n % 4]);
  }
  STATIC_REQUIRE(std::uniform_random_bit_generator<po::sample::philox_engine>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<po::sample::philox_engine>);
  STATIC_REQUIRE(sizeof(po::sample::philox_engine) == 48);
}

TEST_CASE("philox_engine: copies go on alike, other seeds and streams differently") {
  po::sample::philox_engine engine{7, 3};
  engine.uniform();
  engine();
  auto copy = engine;
  po::sample::philox_engine other_seed{8, 3}, other_stream{7, 4}, again{7, 3};
  REQUIRE(copy() == engine());
  const auto first = again();
  REQUIRE(first != other_seed());
  REQUIRE(first != other_stream());
}

TEST_CASE("bounded spans [0, bound) and never reaches the bound") {
  for (const std::uint32_t bound : {1u, 2u, 3u, 7u, 1000u, 0x80000001u, 0xffffffffu}) {
    REQUIRE(po::sample::bounded(0, bound) == 0);
    REQUIRE(po::sample::bounded(0xffffffffu, bound) == bound - 1);
    po::sample::philox_engine engine{bound};
    for (int i = 0; i < 1000; ++i) { REQUIRE(engine.below(bound) < bound); }
  }
}

TEST_CASE("below is uniform: chi-square over ten values") {
  po::sample::philox_engine engine{99};
  std::array<int, 10> seen{};
  for (int i = 0; i < 100000; ++i) { ++seen[engine.below(10)]; }
  double sum = 0;
  for (const int count : seen) { sum += (count - 1e4) * (count - 1e4) / 1e4; }
  // The 0.001 and 0.999 quantiles at 9 degrees of freedom.
  REQUIRE(sum >= 1.15);
  REQUIRE(sum <= 27.88);
}

TEST_CASE("uniform lies in [0, 1), takes two words, and is spread evenly") {
  po::sample::philox_engine engine{5}, words_only{5};
  double sum = 0, least = 1, most = 0;
  constexpr int draws = 100000;
  for (int i = 0; i < draws; ++i) {
    const double u = engine.uniform();
    sum += u;
    least = std::min(least, u);
    most = std::max(most, u);
  }
  REQUIRE(least >= 0);
  REQUIRE(most < 1);
  REQUIRE(least < 1e-3);
  REQUIRE(most > 1 - 1e-3);
  REQUIRE(std::abs(sum / draws - 0.5) <= 4 / std::sqrt(12.0 * draws));
  for (int i = 0; i < 2 * draws; ++i) { words_only(); }
  REQUIRE(engine() == words_only());
}

TEST_CASE("uniform uses all of its 53 bits") {
  po::sample::philox_engine engine{5}, same{5};
  const std::uint64_t high = same() >> 5, low = same() >> 6;
  REQUIRE(engine.uniform() == static_cast<double>(high * 0x4000000 + low) / 9007199254740992.0);
  REQUIRE(static_cast<double>(0x7ffffffull * 0x4000000 + 0x3ffffff) * 0x1p-53 < 1.0);
}
