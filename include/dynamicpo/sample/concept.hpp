// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include "dynamicpo/error.hpp"
#include "dynamicpo/sample/philox.hpp"

namespace dynamicpo::inline v1::sample {

/// Item ids of a catalogue.
using item = std::int32_t;

/// The random words of one row's slots: pure functions of (seed, epoch, row, slot), so that draws depend neither on
/// threads nor on how batches are split. epoch and row below 2^32, slot below 2^30.
struct slot_stream {
  std::uint64_t key, number;

  DYNAMICPO_HD constexpr slot_stream(std::uint64_t seed, std::uint64_t epoch, index row) noexcept
      : key{seed ^ samplers}, number{epoch << 32 | static_cast<std::uint32_t>(row)} {}

  DYNAMICPO_HD constexpr philox_engine words(index slot) const noexcept {
    return philox_engine(key, number, 4 * counter_of(slot));
  }
  /// The same, given the first four of them.
  DYNAMICPO_HD constexpr philox_engine words(index slot, const philox_block& first) const noexcept {
    return {key, number, 4 * counter_of(slot), first};
  }
  DYNAMICPO_HD constexpr philox_block block(index slot) const noexcept {
    const std::uint64_t at = counter_of(slot);
    return philox_block_at(static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at >> 32),
                           static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32),
                           static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32));
  }

  /// The block that a slot's words begin with.
  DYNAMICPO_HD static constexpr std::uint64_t counter_of(index slot) noexcept {
    return static_cast<std::uint64_t>(slot) << 32;
  }

 private:
  // A key of their own: select::random_k draws under the seed.
  static constexpr std::uint64_t samplers = 0x73616d706c657273;
};

/// A distribution q over candidates 0 .. candidates() - 1, each an item of its own.
///   candidates()     how many, at least 1
///   draw(words)      one of them, by q; takes a bounded number of words
///   probability(c)   q(c), at least 0; they add up to 1
///   item_of(c)       its item, at least 0; candidates are in ascending order of items
///   prefetch(words)  optional: asks memory for what draw(words) will read; called well before it
///   candidate_of(i)  optional: the candidate that is item i, -1 when none is; without it they are searched
template <class S>
concept sampler = requires(const S& s, philox_engine& words, index candidate) {
  { s.candidates() } -> std::same_as<index>;
  { s.draw(words) } -> std::same_as<index>;
  { s.probability(candidate) } -> std::same_as<double>;
  { s.item_of(candidate) } -> std::same_as<item>;
};

}  // namespace dynamicpo::inline v1::sample
