// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/score/scores.hpp"

/// Which negatives of a row take part, a bit each.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// Bit k: whether low[k] is not 0; bit 8 + k: whether high[k] is not, k < 8.
DYNAMICPO_INLINE std::uint64_t bits_of_sixteen(const std::uint8_t* low, const std::uint8_t* high) {
#if defined(__SSE2__) && defined(__GNUC__) && !defined(__CUDACC__)
  typedef std::int64_t words __attribute__((vector_size(16)));  // NOLINT(modernize-use-using): an attribute
  typedef char bytes __attribute__((vector_size(16)));          // NOLINT(modernize-use-using)
  std::int64_t word[2];
  std::memcpy(&word[0], low, 8);
  std::memcpy(&word[1], high, 8);
  const bytes zero = reinterpret_cast<bytes>(words{word[0], word[1]}) == bytes{};
  return 0xffff ^ static_cast<std::uint64_t>(__builtin_ia32_pmovmskb128(zero));
#else
  std::uint64_t bits = 0;
  for (int k = 0; k < 8; ++k) {
    bits |= std::uint64_t{low[k] != 0} << k;
    bits |= std::uint64_t{high[k] != 0} << (8 + k);
  }
  return bits;
#endif
}

/// Bit k: whether bytes[k] is not 0, of the bits of `among`, the lowest 0 to 64. Reads no other byte.
DYNAMICPO_INLINE std::uint64_t bits_of_bytes(const std::uint8_t* bytes, std::uint64_t among) {
#if defined(__AVX512BW__) && !defined(__clang__) && !defined(__CUDACC__)
  typedef char line __attribute__((vector_size(64)));  // NOLINT(modernize-use-using): an attribute
  const line some = __builtin_ia32_loaddquqi512_mask(reinterpret_cast<const char*>(bytes), line{}, among);
  return __builtin_ia32_ptestmb512(some, some, among);
#else
  const auto count = static_cast<std::size_t>(std::popcount(among));
  std::uint64_t bits = 0;
  if (count < 8) {
    for (std::size_t k = 0; k < count; ++k) { bits |= std::uint64_t{bytes[k] != 0} << k; }
    return bits;
  }
  const std::uint8_t* const last = bytes + (count - 8);
  std::size_t k = 0;
  for (; k + 16 <= count; k += 16) { bits |= bits_of_sixteen(bytes + k, bytes + k + 8) << k; }
  if (k == count) { return bits; }
  // What is left are eight to fifteen bytes, or fewer that end with eight.
  const std::uint64_t rest = bits_of_sixteen(k + 8 <= count ? bytes + k : last, last);
  return bits | (k + 8 <= count ? (rest & 0xff) << k : 0) | (rest >> 8) << (count - 8);
#endif
}

#pragma GCC diagnostic pop

/// Bit k: whether rejected (row, k), k < count <= 64, takes part, by mask and lengths; the row begins at flat position
/// `first`.
template <class T, class Space>
DYNAMICPO_INLINE std::uint64_t bits_of_present(const scores<T, Space>& view, index row, index first,
                                               std::size_t count) {
  std::uint64_t bits = count == 0 ? 0 : ~std::uint64_t{0} >> (64 - count);
  if (view.masked()) { bits = bits_of_bytes(view.mask_data() + first, bits); }
  if (view.length_normalised()) {
    for (std::size_t k = 0; k < count; ++k) {
      const bool there = view.rejected_length(row, static_cast<index>(k)) > 0;
      bits &= ~(std::uint64_t{there ? 0u : 1u} << k);
    }
  }
  return bits;
}

/// 64 bits for each lane, and lanes of truth from one bit of each.
template <class V>
struct lane_bits {
  using truth = typename V::truth;
  using word = bits_of<typename V::element>;
  static constexpr std::size_t width = 8 * sizeof(word);
  static constexpr std::size_t words = 64 / width;

  truth part[words];

  DYNAMICPO_INLINE static lane_bits load(const std::uint64_t* of_lane) {
    lane_bits to;
    alignas(64) word some[V::count];
    for (std::size_t w = 0; w < words; ++w) {
      for (std::size_t l = 0; l < V::count; ++l) { some[l] = static_cast<word>(of_lane[l] >> w * width); }
      to.part[w] = truth::load(some);
    }
    return to;
  }
  DYNAMICPO_INLINE void store(std::uint64_t* of_lane) const {
    alignas(64) word some[words][V::count];
    for (std::size_t w = 0; w < words; ++w) { part[w].store(some[w]); }
    for (std::size_t l = 0; l < V::count; ++l) {
      of_lane[l] = 0;
      for (std::size_t w = 0; w < words; ++w) {
        of_lane[l] |= static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<word>>(some[w][l])) << w * width;
      }
    }
  }
  /// Sets bit k, not set so far, where `what` is true.
  DYNAMICPO_INLINE void set(std::size_t k, const truth& what) {
    const truth bit(static_cast<word>(std::make_unsigned_t<word>{1} << k % width));
    part[k / width] = part[k / width] | (what & bit);
  }
  /// Bits k, k + 1, .. in place of bits 0, 1, ..: as many as `width`, and 0 for those beyond the last.
  DYNAMICPO_INLINE lane_bits from(std::size_t k) const {
    const int by = static_cast<int>(k % width);
    const truth own(static_cast<word>(std::make_unsigned_t<word>(-1) >> by));  // beyond them a shift leaves the sign
    lane_bits to;
    to.part[0] = (part[k / width] >> by) & own;
    if constexpr (words > 1) {
      const truth above = k / width + 1 < words ? part[k / width + 1] : truth(0);
      to.part[0] = to.part[0] | (above << 1 << (static_cast<int>(width) - 1 - by));
    }
    return to;
  }
  /// Whether bit k is not set; of bits known while compiling one instruction.
  DYNAMICPO_INLINE truth lacks(std::size_t k) const {
    return (part[k / width] & truth(static_cast<word>(std::make_unsigned_t<word>{1} << k % width))) == truth(0);
  }
  /// Whether bit k is set.
  DYNAMICPO_INLINE truth operator[](std::size_t k) const {
    return (part[k / width] << static_cast<int>(width - 1 - k % width)) < truth(0);
  }
};

}  // namespace dynamicpo::inline v1::detail
