// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/presence.hpp"

#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

TEST_CASE("bits_of_bytes has a bit for each byte that is not 0, and reads no other") {
  po::sample::philox_engine random{1};
  for (std::size_t count = 0; count <= 64; ++count) {
    for (int repeat = 0; repeat < 50; ++repeat) {
      // On its own, so that AddressSanitizer sees a read beyond it.
      std::vector<std::uint8_t> bytes(count);
      for (std::uint8_t& byte : bytes) {
        byte = random.below(2) == 0 ? 0 : static_cast<std::uint8_t>(1 + random.below(255));
      }
      const std::uint64_t bits =
          po::detail::bits_of_bytes(bytes.data(), count == 0 ? 0 : ~std::uint64_t{0} >> (64 - count));
      for (std::size_t k = 0; k < 64; ++k) { REQUIRE((bits >> k & 1) == (k < count && bytes[k] != 0 ? 1u : 0u)); }
    }
  }
  const std::vector<std::uint8_t> high(64, 0x80);
  REQUIRE(po::detail::bits_of_bytes(high.data(), ~std::uint64_t{0}) == ~std::uint64_t{0});
}

TEST_CASE("bits_of_present asks the mask and the lengths") {
  po::sample::philox_engine random{2};
  const po::index negatives = 11, rows = 5;
  const auto batch = test_support::random_batch<float>(3, rows, negatives);
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(rows * negatives));
  std::vector<std::int32_t> lengths(mask.size()), chosen_lengths(static_cast<std::size_t>(rows), 1);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    mask[i] = static_cast<std::uint8_t>(random.below(2));
    lengths[i] = static_cast<std::int32_t>(random.below(3)) - 1;
  }
  const auto plain = batch.policy.view();
  for (const auto& view : {plain, plain.with_mask(mask), plain.with_lengths(chosen_lengths, lengths),
                           plain.with_mask(mask).with_lengths(chosen_lengths, lengths)}) {
    for (po::index row = 0; row < rows; ++row) {
      const std::uint64_t bits =
          po::detail::bits_of_present(view, row, view.flat(row), static_cast<std::size_t>(negatives));
      for (po::index k = 0; k < 64; ++k) {
        REQUIRE((bits >> k & 1) == (k < negatives && view.present(row, k) ? 1u : 0u));
      }
    }
  }
  REQUIRE(po::detail::bits_of_present(plain, 0, 0, 0) == 0);
}

TEMPLATE_TEST_CASE("lane_bits gives back the bits of each lane, whole and one by one", "", float, double) {
  using V = po::detail::lanes<TestType, 64 / sizeof(TestType), 16>;
  po::sample::philox_engine random{4};
  std::uint64_t bits[V::count], found[V::count];
  for (std::uint64_t& each : bits) { each = random() | std::uint64_t{random()} << 32; }
  const auto lanes = po::detail::lane_bits<V>::load(bits);
  lanes.store(found);
  po::detail::lane_bits<V> set{};
  for (std::size_t k = 0; k < 64; ++k) {
    const auto truth = lanes[k];
    const auto from = lanes.from(k);
    for (std::size_t l = 0; l < V::count; ++l) {
      REQUIRE((truth[l] != 0) == ((bits[l] >> k & 1) != 0));
      for (std::size_t i = 0; i < V::count; ++i) {
        REQUIRE((from.lacks(i)[l] != 0) == (i + k >= 64 || (bits[l] >> (k + i) & 1) == 0));
      }
    }
    set.set(k, truth);
  }
  for (std::size_t l = 0; l < V::count; ++l) { REQUIRE(found[l] == bits[l]); }
  set.store(found);
  for (std::size_t l = 0; l < V::count; ++l) { REQUIRE(found[l] == bits[l]); }
}
