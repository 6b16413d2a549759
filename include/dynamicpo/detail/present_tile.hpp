// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/presence.hpp"
#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/detail/whole_tile.hpp"
#include "dynamicpo/score/scores.hpp"

/// Step 1 of a tile of which some negatives take part: rows are ragged or masked. Columns come to registers as those of
/// a whole tile do, and in each the lanes that have a negative there are told apart.
namespace dynamicpo::inline v1::detail {

/// Whether rows of these views may come so; whether those of a tile do, its own `comes_to_registers` tells. Not in
/// registers of 16 bytes, which dispatch leaves to processors without AVX2: they would be compiled for each pipeline.
template <class V, class Policy, class Reference>
inline constexpr bool has_present_tiles = false;
#if !defined(__CUDACC__)
template <class V, class Policy, class Reference>
  requires(V::bytes >= 32 && holds<Policy, typename V::element> &&
           (holds<Reference, typename V::element> || std::is_same_v<Reference, reference_free_t>))
inline constexpr bool has_present_tiles<V, Policy, Reference> = true;
#endif

/// After tile::measure: whether all rows can be read in squares or panels without reading what other threads write.
template <class V, class Policy, class Reference>
DYNAMICPO_INLINE bool comes_to_registers(const tile<V>& rows, const Policy& policy, const Reference& reference) {
  constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
  if (!policy.ragged()) { return rows.lies_whole(policy, reference); }
  const auto has_room = [&](const auto& view) {
    if (!view.ragged() || !tile<V>::in_place(view)) { return false; }
    index room[V::count];
    const index* const place = rows.places_in(view, room);
    const index read = static_cast<index>((rows.columns + V::count - 1) / V::count * V::count);
    return *std::max_element(place, place + V::count) + read <= view.flat(rows.block_end);
  };
  if constexpr (has_reference) {
    if (!has_room(reference)) { return false; }
  }
  return has_room(policy);
}

/// read_columns of such a tile.
template <bool WithScore, bool AsksAhead, class V, class Policy, class Reference, class Take>
DYNAMICPO_INLINE void read_present(const tile<V>& rows, const Policy& policy, const Reference& reference,
                                   const Take& take) {
  using T = typename V::element;
  constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
  if (!policy.ragged()) { return read_whole<WithScore, AsksAhead>(rows, policy, reference, take); }
  constexpr std::size_t lines = tile<V>::lines_of_panel;
  auto next_scores = rows.template rejected_after<lines>(policy, AsksAhead ? rows.panels() : 0);
  auto next_frozen = rows.template rejected_after<lines>(reference, AsksAhead ? rows.panels() : 0);
  const auto ask = [&]() __attribute__((always_inline)) {
    next_scores.ask_for_next();
    next_frozen.ask_for_next();
  };
  index room[V::count], other_room[V::count];
  const placed<const T> scores{policy.rejected_matrix().data, rows.places_in(policy, room)};
  placed<const T> frozen{nullptr, nullptr};
  if constexpr (has_reference) { frozen = {reference.rejected_matrix().data, rows.places_in(reference, other_room)}; }
  read_columns<WithScore, has_reference>(rows, scores, frozen, true, ask, take);
}

/// The same scores and log-ratios as tile::load_rows, with the same meaning of its parameters.
template <bool WithScore, bool AsksAhead, class V, class Policy, class Reference>
DYNAMICPO_INLINE void load_present(tile<V>& rows, const Policy& policy, const Reference& reference) {
  using T = typename V::element;
  rows.by_presence = true;
  rows.load_chosen_ratio(policy, reference);
  const auto there = lane_bits<V>::load(rows.present);
  V spoilt = rows.chosen_ratio * V(0);  // 0, or not a number where anything is not finite
  read_present<WithScore, AsksAhead>(
      rows, policy,
      reference, [&](auto size, std::size_t at, const V* score, const V* ratio) __attribute__((always_inline)) {
        const auto here = there.from(at);
        unrolled<size>([&](auto q) __attribute__((always_inline)) {
          const std::size_t k = at + q;
          const auto absent = here.lacks(q);
          rows.score[k] = where(absent, V(-std::numeric_limits<T>::infinity()), WithScore ? score[q] : V(0));
          rows.ratio[k] = where(absent, V(0), ratio[q]);
          spoilt = spoilt + rows.ratio[k] * V(0);
        });
      });
  rows.apart = rows.apart | ~(spoilt == V(0));
}

/// becomes(tile)(ratio) of all log-ratios to `to`, and `absent` for what takes no part. `Checked`: rows that are not
/// finite throughout are apart; else those alone whose chosen is not.
template <bool Checked, bool AsksAhead, class V, class Policy, class Reference, class Becomes>
DYNAMICPO_INLINE void load_present(tile<V>& rows, const Policy& policy, const Reference& reference, V* to,
                                   const V& absent, const Becomes& becomes) {
  rows.by_presence = true;
  rows.load_chosen_ratio(policy, reference);
  const auto there = lane_bits<V>::load(rows.present);
  const auto value = becomes(rows);
  V spoilt = rows.chosen_ratio * V(0);
  read_present<false, AsksAhead>(
      rows, policy, reference, [&](auto size, std::size_t at, const V*, const V* ratio) __attribute__((always_inline)) {
        const auto here = there.from(at);
        unrolled<size>([&](auto q) __attribute__((always_inline)) {
          const auto none = here.lacks(q);
          to[at + q] = where(none, absent, value(ratio[q]));
          if constexpr (Checked) { spoilt = spoilt + where(none, V(0), ratio[q]) * V(0); }
        });
      });
  rows.apart = rows.apart | ~(spoilt == V(0));
}

}  // namespace dynamicpo::inline v1::detail
