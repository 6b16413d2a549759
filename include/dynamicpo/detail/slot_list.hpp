// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/lanes.hpp"

/// Which of many numbers meet a condition, as a list.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// Bit l: whether lane l is true, of 128 bytes of truth.
template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE std::uint32_t bits_of_lanes(const lanes<T, Count, Bytes>& truth) {
  static_assert(sizeof(T) * Count == 128);
  alignas(64) static constexpr auto bit_of = [] {
    std::array<T, Count> all{};
    for (std::size_t l = 0; l < Count; ++l) { all[l] = static_cast<T>(std::uint64_t{1} << l); }
    return all;
  }();
  const auto bits = truth & lanes<T, Count, Bytes>::load(bit_of.data());
  auto joined = bits.part[0];
  for (std::size_t part = 1; part < bits.parts; ++part) { joined |= bits.part[part]; }
  std::uint64_t words[sizeof(joined) / 8], all = 0;
  std::memcpy(words, &joined, sizeof(joined));
  for (const std::uint64_t word : words) { all |= word; }
  return static_cast<std::uint32_t>(all | all >> 32);
}

/// For each byte the places of its bits, in ascending order, and how many there are.
struct byte_bits {
  std::uint8_t place[8], number;
};
inline constexpr auto bits_of_byte = [] {
  std::array<byte_bits, 256> all{};
  for (std::size_t byte = 0; byte < all.size(); ++byte) {
    for (std::uint8_t bit = 0; bit < 8; ++bit) {
      if ((byte >> bit & 1) != 0) { all[byte].place[all[byte].number++] = bit; }
    }
  }
  return all;
}();

/// Writes the places of the values that are not below `least`, in ascending order; returns how many. There is room for
/// as many as there are values, and all of it may be written to. `ask(i)` comes once for each 128 bytes of values.
template <elementary_float::number T, class Ask = asks_nothing>
DYNAMICPO_INLINE std::size_t list_reaching(std::span<const T> values, T least, std::int32_t* places,
                                           const Ask& ask = {}) {
  using pack = lanes<T, 128 / sizeof(T), 32>;
  const pack bound = broadcast<pack>(least);
  std::size_t number = 0, i = 0;
  for (; i + pack::count <= values.size(); i += pack::count) {
    ask(i / pack::count);
    const std::uint32_t bits = bits_of_lanes(~(pack::load(values.data() + i) < bound));
    unrolled<pack::count / 8>([&](auto byte) __attribute__((always_inline)) {
      const byte_bits& found = bits_of_byte[bits >> 8 * byte & 0xff];
      const auto first = static_cast<std::int32_t>(i + 8 * byte);
      for (std::size_t j = 0; j < 8; ++j) { places[number + j] = first + found.place[j]; }
      number += found.number;
    });
  }
  for (; i < values.size(); ++i) {
    places[number] = static_cast<std::int32_t>(i);
    if (!(values[i] < least)) { ++number; }
  }
  return number;
}

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
