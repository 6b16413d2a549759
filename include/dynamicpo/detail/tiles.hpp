// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/score/scores.hpp"

/// The tiles that a block of rows is cut into.

namespace dynamicpo::inline v1::detail {

/// Rows put in order at a time: few enough that their scores stay in the nearest cache.
inline constexpr index rows_in_order = 128;

/// Long rows, in turn or in an order.
struct long_rows {
  index from;
  const std::int32_t* distance;  ///< of each from `from`; null: 0, 1, ..
  std::size_t number;

  DYNAMICPO_INLINE index operator[](std::size_t i) const {
    return from + (distance == nullptr ? static_cast<index>(i) : index{distance[i]});
  }
};

/// Rows [first, first + number), number <= rows_in_order, of a ragged view in the order of their lengths, shortest
/// first: exactly up to Fitting, then by sixteens up to Longest; longer ones are as good as equal and come last.
template <std::size_t Fitting, std::size_t Longest>
struct rows_by_length {
  static constexpr std::size_t step = 16, classes = Fitting + 2 + (Longest - Fitting + step - 1) / step;
  static_assert(Fitting <= Longest && classes < 256);
  static constexpr std::size_t most_lanes = 16, room = static_cast<std::size_t>(rows_in_order) + most_lanes;

  std::size_t fitting;          ///< how many have no more than Fitting
  std::int32_t distance[room];  ///< from `first`
  index place[room];            ///< where the rejected begin
  index count[room];            ///< how many there are

  template <class T, class Space>
  rows_by_length(const scores<T, Space>& view, index first, std::size_t number) {
    const std::int64_t* const offsets = view.offsets_data() + first;
    std::uint8_t length[rows_in_order];
    for (std::size_t i = 0; i < number; ++i) {
      constexpr auto fits = static_cast<std::int64_t>(Fitting), most = static_cast<std::int64_t>(classes) - 1;
      const std::int64_t size = offsets[i + 1] - offsets[i];
      const std::int64_t beyond = fits + 1 + (size - fits - 1) / static_cast<std::int64_t>(step);
      length[i] = static_cast<std::uint8_t>(size <= fits ? size : std::min(beyond, most));
    }
    std::uint16_t begin[classes] = {};
    for (std::size_t i = 0; i < number; ++i) { ++begin[length[i]]; }
    std::uint16_t before = 0;
    for (std::uint16_t& each : begin) {
      const std::uint16_t here = each;
      each = before;
      before = static_cast<std::uint16_t>(before + here);
    }
    fitting = begin[Fitting + 1];
    for (std::size_t i = 0; i < number; ++i) {
      const std::size_t at = begin[length[i]]++;
      distance[at] = static_cast<std::int32_t>(i);
      place[at] = static_cast<index>(offsets[i]);
      count[at] = static_cast<index>(offsets[i + 1] - offsets[i]);
    }
    std::fill_n(distance + number, most_lanes, 0);  // what the last tile reads beyond
    std::fill_n(place + number, most_lanes, index{0});
    std::fill_n(count + number, most_lanes, index{0});
  }
};

/// tile_work(now, next) for rows [first, end), a block, and long_work(long_rows) for those that no tile takes: it
/// returns how many of them it saw through. Each tile is `next`, to be loaded, and then `now`, to be seen through;
/// either may be null, before the first and after the last. `Tile`: a tile, or what adds to one. With `ByLength` ragged
/// rows of a like length go side by side, so that few lanes wait for the longest: worth it where a column costs more
/// than reading rows out of turn. With `long_together` tiles take dense long rows as well, as many as fill them.
template <class Tile, bool ByLength, class T, class Space, class TileWork, class LongWork>
DYNAMICPO_INLINE void for_each_tile(const scores<T, Space>& rows, index first, index end, bool long_together,
                                    const TileWork& tile_work, const LongWork& long_work) {
  const bool ordered = ByLength && rows.ragged();
  const auto is_long = [&](index row) { return rows.negatives(row) > static_cast<index>(tile_columns); };
  const bool all_long = !rows.ragged() && is_long(first);
  constexpr std::size_t count = Tile::rows;
  using in_order = rows_by_length<tile_columns, 4 * tile_columns>;
  static_assert(count <= in_order::most_lanes);
  // Tiles of 8 to 16 columns take less time than memory does to answer; shorter ones need few lines.
  const bool is_quick = !rows.ragged() && index{8} <= rows.negatives(first) && rows.negatives(first) <= index{16};
  const std::size_t ahead = is_quick ? 2 : 1;
  Tile tiles[2];
  std::optional<in_order> order;
  for (index from = first, to = first; from < end; from = to) {
    to = ordered ? std::min(end, from + rows_in_order) : end;
    const auto number = static_cast<std::size_t>(to - from);
    std::size_t fit = number;
    if (all_long) { fit = long_together ? number / count * count : 0; }
    if constexpr (ByLength) {
      if (ordered) { fit = order.emplace(rows, from, number).fitting; }
    }
    for (std::size_t i = 0; fit > 0 && i < fit + count; i += count) {
      Tile& next = tiles[i / count % 2];
      if (i < fit) {
        const std::size_t used = std::min(fit - i, count);
        if (ordered) {
          next.take(from, used, end, order->distance + i, order->place + i, order->count + i);
          next.come_after(to + static_cast<index>(i), rows.rows());
        } else {
          next.take(from + static_cast<index>(i), used, end);
          next.come_after(next.row(0) + static_cast<index>(ahead * count), rows.rows());
        }
      }
      tile_work(i > 0 ? &tiles[(i / count + 1) % 2] : nullptr, i < fit ? &next : nullptr);
    }
    for (std::size_t i = fit; i < number;) {
      i += ordered ? long_work(long_rows{from, order->distance + i, number - i})
                   : long_work(long_rows{from + static_cast<index>(i), nullptr, number - i});
    }
  }
}

}  // namespace dynamicpo::inline v1::detail
