// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "dynamicpo/config.hpp"

namespace dynamicpo::inline v1::sample {

/// 128 random bits.
struct philox_block {
  std::uint32_t word[4];
};

}  // namespace dynamicpo::inline v1::sample

namespace dynamicpo::inline v1::detail {

/// The ten rounds of Philox-4x32 over a counter c and a key k. Word: of 32 bits or more, of which 32 count; so are
/// lanes of them. multiply(factor, c, product) multiplies into 64 bits (by reference: lanes cross no call by value).
template <class Wide, class Word, class Multiply>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr void philox_rounds(Word& c0, Word& c1, Word& c2, Word& c3, std::uint32_t k0,
                                                           std::uint32_t k1, const Multiply& multiply) noexcept {
  for (int round = 0; round < 10; ++round) {
    Wide product_0{}, product_1{};
    multiply(0xD2511F53u, c0, product_0);
    multiply(0xCD9E8D57u, c2, product_1);
    c0 = static_cast<Word>(product_1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<Word>(product_1);
    c2 = static_cast<Word>(product_0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<Word>(product_0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

struct multiply_words {
  DYNAMICPO_HD constexpr void operator()(std::uint32_t a, std::uint32_t b, std::uint64_t& product) const noexcept {
    product = std::uint64_t{a} * b;
  }
};

}  // namespace dynamicpo::inline v1::detail

namespace dynamicpo::inline v1::sample {

/// One block of the counter-based generator Philox-4x32-10: 128 random bits as a pure function of a counter and a key.
/// No state, so a draw depends on its coordinates alone: not on threads, batch splits or the device.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
DYNAMICPO_HD constexpr philox_block philox_block_at(std::uint32_t c0, std::uint32_t c1, std::uint32_t c2,
                                                    std::uint32_t c3, std::uint32_t k0, std::uint32_t k1) noexcept {
  detail::philox_rounds<std::uint64_t>(c0, c1, c2, c3, k0, k1, detail::multiply_words{});
  return {{c0, c1, c2, c3}};
}

/// The same over arrays, on the host: device code has no std::array.
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) noexcept {
  const philox_block block = philox_block_at(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return {block.word[0], block.word[1], block.word[2], block.word[3]};
}

/// Maps 32 random bits to [0, bound) by the high half of a product; bound >= 1.
/// The bias of any value is below bound / 2^32. Never a float multiply, so never an index past the end.
DYNAMICPO_HD constexpr std::uint32_t bounded(std::uint32_t bits, std::uint32_t bound) noexcept {
  return static_cast<std::uint32_t>((std::uint64_t{bits} * bound) >> 32);
}

/// A stream of Philox words: word n of stream (seed, stream) is a pure function of the three. Models
/// std::uniform_random_bit_generator. Copyable, 48 bytes; not for concurrent use of one object.
class philox_engine {
 public:
  using result_type = std::uint32_t;

  /// From word `first` of the stream on, a multiple of 4.
  DYNAMICPO_HD constexpr explicit philox_engine(std::uint64_t seed, std::uint64_t stream = 0,
                                                std::uint64_t first = 0) noexcept
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        stream_{stream},
        next_block_{first >> 2} {}
  /// The same, of which the first four words are known already.
  DYNAMICPO_HD constexpr philox_engine(std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                                       const philox_block& words) noexcept
      : philox_engine(seed, stream, first + 4) {
    words_ = words;
    used_ = 0;
  }

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return 0xFFFFFFFFu; }

  DYNAMICPO_HD constexpr result_type operator()() noexcept {
    if (used_ == 4) {
      words_ = philox_block_at(static_cast<std::uint32_t>(next_block_), static_cast<std::uint32_t>(next_block_ >> 32),
                               static_cast<std::uint32_t>(stream_), static_cast<std::uint32_t>(stream_ >> 32), key_[0],
                               key_[1]);
      ++next_block_;
      used_ = 0;
    }
    return words_.word[used_++];
  }

  /// Uniform integer in [0, bound), bound >= 1; one word.
  DYNAMICPO_HD constexpr std::uint32_t below(std::uint32_t bound) noexcept { return bounded((*this)(), bound); }

  /// The same with a bias below bound / 2^64; two words.
  DYNAMICPO_HD constexpr std::uint32_t below_wide(std::uint32_t bound) noexcept {
    const std::uint64_t high = (*this)(), low = (*this)();
    return static_cast<std::uint32_t>((high * bound + (low * bound >> 32)) >> 32);
  }

  /// Uniform double in [0, 1), 53 bits; two words.
  DYNAMICPO_HD constexpr double uniform() noexcept {
    const std::uint64_t high = (*this)() >> 5, low = (*this)() >> 6;
    return static_cast<double>((high << 26) | low) * 0x1p-53;
  }

 private:
  std::uint32_t key_[2];
  std::uint64_t stream_;
  std::uint64_t next_block_;
  philox_block words_{};
  std::uint32_t used_ = 4;
};

}  // namespace dynamicpo::inline v1::sample
