// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/sample/philox.hpp"

/// Blocks of Philox side by side.
namespace dynamicpo::inline v1::detail {

#if !defined(__CUDACC__)  // nvcc takes no vectors in what a device may call

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// Numbers of 64 bits in a register of `Bytes`.
template <std::size_t Bytes>
struct wide_words {
  typedef std::uint64_t vector __attribute__((vector_size(Bytes)));      // NOLINT(modernize-use-using): an attribute
  typedef std::int32_t halves __attribute__((vector_size(Bytes)));       // NOLINT(modernize-use-using)
  typedef std::uint32_t narrow __attribute__((vector_size(Bytes / 2)));  // NOLINT(modernize-use-using)
  static constexpr std::size_t count = Bytes / 8;
};

/// Products of the lower halves. gcc does not see by itself that the upper halves do not take part.
template <std::size_t Bytes>
struct multiply_lower_halves {
  using vector = typename wide_words<Bytes>::vector;
  DYNAMICPO_INLINE void operator()(std::uint32_t factor, const vector& c, vector& product) const noexcept {
    const vector factors = vector{} + factor;
#if defined(__GNUC__) && !defined(__clang__) && defined(__SSE2__)
    using halves = typename wide_words<Bytes>::halves;
    const auto a = reinterpret_cast<halves>(factors), b = reinterpret_cast<halves>(c);
    if constexpr (Bytes == 16) { product = reinterpret_cast<vector>(__builtin_ia32_pmuludq128(a, b)); }
#if defined(__AVX2__) || defined(DYNAMICPO_DISPATCH)
    if constexpr (Bytes == 32) { product = reinterpret_cast<vector>(__builtin_ia32_pmuludq256(a, b)); }
#endif
#if defined(__AVX512F__)
    if constexpr (Bytes == 64) {
      using products = long long __attribute__((vector_size(64)));
      constexpr auto all = static_cast<unsigned char>(0xff);
      product = reinterpret_cast<vector>(__builtin_ia32_pmuludq512_mask(a, b, products{}, all));
    }
#endif
#else
    product = (factors & 0xffffffffu) * (c & 0xffffffffu);
#endif
  }
};

/// The blocks of counters (low, high + i), i below Count.
template <std::size_t Bytes, std::size_t Count>
DYNAMICPO_INLINE void philox_block_lanes(std::uint32_t low, std::uint32_t high, std::uint64_t stream, std::uint64_t key,
                                         std::uint32_t (&word)[4][Count]) {
  using words = wide_words<Bytes>;
  using vector = typename words::vector;
  static_assert(Count % words::count == 0);
  for (std::size_t i = 0; i < Count; i += words::count) {
    vector c0 = vector{} + low, c1{}, c2 = vector{} + (stream & 0xffffffffu), c3 = vector{} + (stream >> 32);
    for (std::size_t lane = 0; lane < words::count; ++lane) { c1[lane] = high + i + lane; }
    philox_rounds<vector>(c0, c1, c2, c3, static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32),
                          multiply_lower_halves<Bytes>{});
    using narrow = typename words::narrow;
    store_to(word[0] + i, __builtin_convertvector(c0, narrow));
    store_to(word[1] + i, __builtin_convertvector(c1, narrow));
    store_to(word[2] + i, __builtin_convertvector(c2, narrow));
    store_to(word[3] + i, __builtin_convertvector(c3, narrow));
  }
}

#pragma GCC diagnostic pop

#endif

/// word[w][i] = word w of sample::philox_block_at(low, high + i, stream, key), each of the latter in two halves.
template <std::size_t Bytes, std::size_t Count>
DYNAMICPO_INLINE void philox_blocks(std::uint32_t low, std::uint32_t high, std::uint64_t stream, std::uint64_t key,
                                    std::uint32_t (&word)[4][Count]) {
#if defined(__CUDACC__)
  for (std::size_t i = 0; i < Count; ++i) {
    const auto block =
        sample::philox_block_at(low, high + static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(stream),
                                static_cast<std::uint32_t>(stream >> 32), static_cast<std::uint32_t>(key),
                                static_cast<std::uint32_t>(key >> 32));
    for (std::size_t w = 0; w < 4; ++w) { word[w][i] = block.word[w]; }
  }
#else
  philox_block_lanes<Bytes>(low, high, stream, key, word);
#endif
}

}  // namespace dynamicpo::inline v1::detail
