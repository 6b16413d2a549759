// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/philox_lanes.hpp"

#include <cstdint>

#include "dynamicpo/detail/processor.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

template <std::size_t Bytes>
void check_blocks() {
  for (const std::uint32_t high : {0u, 5u, 0xfffffff8u}) {
    for (const std::uint64_t stream : {std::uint64_t{3}, 0xffffffff'fffffffeu}) {
      const std::uint64_t key = 0x12345678'9abcdef0u;
      std::uint32_t word[4][16];
      detail::philox_blocks<Bytes>(7, high, stream, key, word);
      for (std::uint32_t i = 0; i < 16; ++i) {
        const auto expected = dynamicpo::sample::philox_block_at(
            7, high + i, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32),
            static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32));
        for (std::size_t w = 0; w < 4; ++w) { REQUIRE(word[w][i] == expected.word[w]); }
      }
    }
  }
}

}  // namespace

TEST_CASE("philox_blocks are philox_block_at side by side, in any registers, past the end of the counter") {
  check_blocks<16>();
  if constexpr (detail::target_bytes >= 32) { check_blocks<32>(); }
  if constexpr (detail::target_bytes >= 64) { check_blocks<64>(); }
}
