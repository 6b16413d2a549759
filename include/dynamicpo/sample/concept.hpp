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

/// The words of one slot of one row: a pure function of (seed, epoch, row, slot), so that draws depend neither on
/// threads nor on how batches are split. epoch and row below 2^32, slot below 2^30.
DYNAMICPO_HD constexpr philox_engine words_of(std::uint64_t seed, std::uint64_t epoch, index row, index slot) noexcept {
  constexpr std::uint64_t samplers = 0x73616d706c657273;  // a key of their own: select::random_k draws under the seed
  return philox_engine(seed ^ samplers, epoch << 32 | static_cast<std::uint32_t>(row),
                       static_cast<std::uint64_t>(slot) << 34);
}

/// A distribution q over candidates 0 .. candidates() - 1, each an item of its own.
///   candidates()     how many, at least 1
///   draw(words)      one of them, by q; takes a bounded number of words
///   probability(c)   q(c), at least 0; they add up to 1
///   item_of(c)       its item; candidates are in ascending order of items
template <class S>
concept sampler = requires(const S& s, philox_engine& words, index candidate) {
  { s.candidates() } -> std::same_as<index>;
  { s.draw(words) } -> std::same_as<index>;
  { s.probability(candidate) } -> std::same_as<double>;
  { s.item_of(candidate) } -> std::same_as<item>;
};

}  // namespace dynamicpo::inline v1::sample
